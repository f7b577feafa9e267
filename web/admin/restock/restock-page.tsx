import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useRef, useState } from 'react';
import type { StockedProduct } from '../../client/types';
import { Field } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { useSettled } from '../../ui/use-settled';
import { credits, plural } from '../../ui/words';
import { ProductFields, textsIn } from '../inventory/product-fields';
import { likeQuery } from '../inventory/queries';
import { restock, type Stocked } from './restock';
import { RestockOutcome } from './restock-outcome';

const MAX_AMOUNT = 2_147_483_647;

/** As the shop compares names. */
const plain = (name: string) => name.trim().replaceAll(/\s+/g, ' ').toLowerCase();

export function RestockPage() {
  const [turn, setTurn] = useState(0);
  return (
    <Page title="Insert or restock" look="narrow">
      <div className="stack">
        <p className="soft">A new name makes a new product. A known one adds to its units.</p>
        <RestockForm key={turn} onAgain={() => setTurn(turn + 1)} />
      </div>
    </Page>
  );
}

function RestockForm({ onAgain }: { onAgain(): void }) {
  const list = useId();
  const [name, setName] = useState('');
  const [said, setSaid] = useState('');
  const { data: alike = [] } = useQuery(likeQuery(useSettled(plain(name))));
  const known = alike.find((product) => plain(product.name) === plain(name));
  const queries = useQueryClient();
  // The same for whatever is sent again because there was no answer.
  const key = useRef({ text: '', key: '' });
  const stocking = useMutation({
    mutationFn(stocked: Stocked) {
      const text = JSON.stringify(stocked);
      if (key.current.text !== text) {
        key.current = { text, key: crypto.randomUUID() };
      }
      return restock(stocked, key.current.key, setSaid);
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['inventory'] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const price = form.get('price');
    stocking.mutate({
      name: known?.name ?? String(form.get('name')),
      quantity: Number(form.get('quantity')),
      ...(price !== null && { price: Number(price) }),
      ...textsIn(form),
    });
  };
  if (stocking.isSuccess) {
    return <RestockOutcome restocked={stocking.data} onAgain={onAgain} />;
  }
  return (
    <form className="form card" onSubmit={submit}>
      {stocking.isError && <RestockOutcome error={stocking.error} />}
      <Field
        label="Name"
        name="name"
        list={list}
        autoComplete="off"
        maxLength={80}
        required
        value={name}
        onChange={({ target }) => setName(target.value)}
        hint="Names that the shop knows are offered while you type."
      />
      <datalist id={list}>
        {alike.map((product) => (
          <option key={product.item_id} value={product.name} />
        ))}
      </datalist>
      <div aria-live="polite">{known !== undefined && <Known product={known} />}</div>
      <div className="field-row">
        <Field label="Units" name="quantity" type="number" min={1} max={MAX_AMOUNT} required />
        {known === undefined ? (
          <Field
            key="new"
            label="Price in credits"
            name="price"
            type="number"
            min={0}
            max={MAX_AMOUNT}
            required
            hint="It can never be changed."
          />
        ) : (
          <Field
            key="known"
            label="Price in credits"
            value={known.price}
            readOnly
            disabled
            hint="The price of a product never changes."
          />
        )}
      </div>
      <ProductFields key={known?.item_id ?? 'new'} before={known} disabled={known !== undefined} />
      <div className="buttons">
        <button type="submit" className="main" disabled={stocking.isPending}>
          {known === undefined ? 'Put into the shop' : 'Add the units'}
        </button>
        <p className="hint" role="status">
          {stocking.isPending && said}
        </p>
      </div>
    </form>
  );
}

function Known({ product: { name, quantity, price, hidden } }: { product: StockedProduct }) {
  return (
    <Notice tone="plain" title={`The shop has “${name}”`}>
      <p>
        This adds to the {quantity === null ? 'units' : plural(quantity, 'unit')} that can be sold now, for{' '}
        {credits(price)} each. What is greyed out stays as it is; the inventory has a form to change it.
        {hidden && ' It is hidden from buyers, and stays so.'}
      </p>
    </Notice>
  );
}
