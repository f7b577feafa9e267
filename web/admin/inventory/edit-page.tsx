import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Link, useParams } from 'react-router';
import { must, Refused } from '../../client/answers';
import { api } from '../../client/index';
import type { StockedProduct } from '../../client/types';
import { Field } from '../../ui/field';
import { NotFound } from '../../ui/not-found';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { adviceFor, Trouble } from '../../ui/trouble';
import { credits } from '../../ui/words';
import { ProductFields, textsIn } from './product-fields';
import { stockedQuery } from './queries';

export function EditPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(stockedQuery(id));
  if (data === null) {
    return <NotFound />;
  }
  return (
    <Page title={data === undefined ? 'Edit a product' : `Edit: ${data.name}`} look="narrow">
      {data !== undefined && <EditForm key={id} product={data} />}
      {data === undefined && error === null && <span className="skeleton table-block" />}
      {error !== null && (
        <Trouble error={error} what="The product cannot be shown" onRetry={() => void refetch()} />
      )}
    </Page>
  );
}

function EditForm({ product }: { product: StockedProduct }) {
  const { item_id, name, price, hidden } = product;
  const queries = useQueryClient();
  const editing = useMutation({
    mutationFn: (form: FormData) =>
      must(
        api.PATCH('/catalog/products/{item_id}', {
          params: { path: { item_id } },
          body: { name: String(form.get('name')), hidden: form.get('hidden') === 'on', ...textsIn(form) },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['inventory'] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    editing.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="form card" onSubmit={submit}>
      {editing.isSuccess && (
        <Notice tone="good" title="Saved" takesFocus>
          <p>Buyers see it within a second.</p>
        </Notice>
      )}
      {editing.isError && (
        <Notice tone="bad" title="Not saved" takesFocus>
          <p>{adviceOf(editing.error)}</p>
        </Notice>
      )}
      <Field label="Name" name="name" defaultValue={name} maxLength={80} required />
      <ProductFields before={product} />
      <label className="tick">
        <input type="checkbox" name="hidden" defaultChecked={hidden} />
        <span>
          Hidden from buyers
          <span className="hint">Whoever has it in an order already can still buy it.</span>
        </span>
      </label>
      <p className="hint">It costs {credits(price)}. The price of a product never changes.</p>
      <div className="buttons">
        <button type="submit" className="main" disabled={editing.isPending}>
          {editing.isPending ? 'Saving …' : 'Save'}
        </button>
        <Link to="/" className="quiet">
          Back to the inventory
        </Link>
      </div>
    </form>
  );
}

function adviceOf(error: unknown): string {
  return error instanceof Refused && error.reason === 'name_taken'
    ? 'Another product has this name. Choose another one.'
    : adviceFor(error);
}
