import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { must, Refused } from '../../client/answers';
import { api } from '../../client/index';
import type { Product } from '../../client/types';
import { announce } from '../../ui/announce';
import { Notice } from '../../ui/notice';
import { adviceFor } from '../../ui/trouble';
import { plural } from '../../ui/words';
import { productQuery } from './queries';

interface OwnVoteProps {
  readonly product: Product;
  readonly userId: string;
}

/** The stars of whoever is logged in, if they have bought the product. They can change them at any time. */
export function OwnVote({ product, userId: user_id }: OwnVoteProps) {
  const { item_id } = product;
  const queries = useQueryClient();
  const path = { user_id, item_id };
  const own = useQuery({
    queryKey: ['own vote', user_id, item_id],
    queryFn: async () => {
      const { bought } = await must(api.GET('/orders/bought/{user_id}/{item_id}', { params: { path } }));
      const { stars } = bought
        ? await must(api.GET('/catalog/vote/{user_id}/{item_id}', { params: { path } }))
        : { stars: null };
      return { bought, stars };
    },
  });
  const voting = useMutation({
    mutationFn: (stars: number) =>
      must(api.POST('/catalog/vote/{user_id}/{item_id}/{stars}', { params: { path: { ...path, stars } } })),
    onSuccess({ rating }, stars) {
      queries.setQueryData(productQuery(item_id).queryKey, { ...product, rating });
      queries.setQueryData(['own vote', user_id, item_id], { bought: true, stars });
      void queries.invalidateQueries({ queryKey: ['goods'] });
      announce(`You gave it ${plural(stars, 'star')}. Thank you.`);
    },
  });
  if (own.data === undefined) {
    return (
      <p className="hint">{own.isError ? 'Whether you have bought it cannot be read right now.' : '…'}</p>
    );
  }
  if (!own.data.bought) {
    return <p className="hint">Once you have bought it, you can give it stars here.</p>;
  }
  const { stars } = own.data;
  return (
    <fieldset className="vote" disabled={voting.isPending}>
      <legend>{stars === null ? 'You have bought it. How many stars does it get?' : 'Your stars'}</legend>
      {voting.isError && (
        <Notice tone="bad" title="Your stars were not counted">
          <p>
            {voting.error instanceof Refused && voting.error.reason === 'not_bought'
              ? 'You can give stars to what you have bought.'
              : adviceFor(voting.error)}
          </p>
        </Notice>
      )}
      <div className="vote-stars">
        {[1, 2, 3, 4, 5].map((star) => (
          <label key={star} className={stars !== null && star <= stars ? 'given' : ''}>
            <input
              type="radio"
              name="stars"
              className="unseen"
              checked={star === stars}
              onChange={() => voting.mutate(star)}
            />
            <span className="unseen">{plural(star, 'star')}</span>
            <svg viewBox="0 0 24 24" width="32" height="32" aria-hidden="true">
              <title>{plural(star, 'star')}</title>
              <path d="M12 2.6l2.9 5.9 6.5.9-4.7 4.6 1.1 6.5L12 17.4l-5.8 3.1 1.1-6.5L2.6 9.4l6.5-.9z" />
            </svg>
          </label>
        ))}
      </div>
      <p className="hint">{stars === null ? 'Choose one to five.' : 'Choose others to change them.'}</p>
    </fieldset>
  );
}
