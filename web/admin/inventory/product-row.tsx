import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { must } from '../../client/answers';
import { api } from '../../client/index';
import type { StockedProduct } from '../../client/types';
import { announce } from '../../ui/announce';
import { Picture } from '../../ui/picture';
import { Stars } from '../../ui/stars';
import { adviceFor } from '../../ui/trouble';
import { credits, number } from '../../ui/words';

export function ProductRow({ product }: { product: StockedProduct }) {
  const { item_id, name, picture, price, quantity, rating, hidden } = product;
  const queries = useQueryClient();
  const hiding = useMutation({
    mutationFn: (hide: boolean) =>
      must(
        api.PATCH('/catalog/products/{item_id}', { params: { path: { item_id } }, body: { hidden: hide } }),
      ),
    async onSuccess(_, hide) {
      await queries.invalidateQueries({ queryKey: ['inventory'] });
      announce(hide ? `Buyers no longer see ${name}.` : `Buyers see ${name} again.`);
    },
  });
  return (
    <tr>
      <th scope="row">
        <span className="named">
          <Picture name={picture} className="picture tiny" />
          <Link to={`/products/${item_id}`}>{name}</Link>
        </span>
      </th>
      <td className="right number">{credits(price)}</td>
      <td className="right number">{quantity === null ? '…' : number(quantity)}</td>
      <td>
        <Stars {...rating} />
      </td>
      <td>
        <Visibility product={product} />
      </td>
      <td className="right">
        <span className="row-buttons">
          <Link to={`/products/${item_id}`} className="quiet">
            Edit<span className="unseen"> {name}</span>
          </Link>
          <button
            type="button"
            className="quiet"
            disabled={hiding.isPending}
            onClick={() => hiding.mutate(!hidden)}
          >
            {hidden ? 'Show' : 'Hide'}
            <span className="unseen"> {name}</span>
          </button>
        </span>
        {hiding.isError && (
          <span className="row-trouble" role="alert">
            {adviceFor(hiding.error)}
          </span>
        )}
      </td>
    </tr>
  );
}

function Visibility({ product: { hidden, listed } }: { product: StockedProduct }) {
  if (hidden) {
    return <span className="badge careful">Hidden</span>;
  }
  return listed ? (
    <span className="badge good">On show</span>
  ) : (
    <span className="badge plain">Not counted yet</span>
  );
}
