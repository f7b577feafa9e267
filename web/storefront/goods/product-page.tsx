import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useParams } from 'react-router';
import { Refused } from '../../client/answers';
import type { Product } from '../../client/types';
import { announce } from '../../ui/announce';
import { Field } from '../../ui/field';
import { NotFound } from '../../ui/not-found';
import { Page } from '../../ui/page';
import { Picture } from '../../ui/picture';
import { Stars } from '../../ui/stars';
import { Trouble } from '../../ui/trouble';
import { credits } from '../../ui/words';
import { MAX_QUANTITY } from '../basket/basket';
import { usePerson } from '../people/credit';
import { Left, SoldOutHint } from './left';
import { OwnVote } from './own-vote';
import { put, useInBasket } from './product-card';
import { productQuery } from './queries';
import { Ratings } from './ratings';

export function ProductPage() {
  const { id = '' } = useParams();
  const { data: product, error, refetch } = useQuery(productQuery(id));
  if (error instanceof Refused && (error.status === 404 || error.status === 400)) {
    return <NotFound />;
  }
  if (error !== null && product === undefined) {
    return (
      <Page title="A product">
        <Trouble error={error} what="The product cannot be shown" onRetry={() => void refetch()} />
      </Page>
    );
  }
  return product === undefined ? <ProductSkeleton /> : <Shown key={id} product={product} />;
}

function Shown({ product }: { product: Product }) {
  const { name, picture, description, categories, price, quantity, rating } = product;
  const person = usePerson();
  return (
    <Page title={name}>
      <div className="product">
        <Picture name={picture} alt={`Drawing: ${name}`} className="picture large" isFirst />
        <div className="stack product-text">
          <Stars {...rating} />
          <p className="description">{description}</p>
          <p className="product-facts">
            <span className="price">{credits(price)}</span>
            <Left quantity={quantity} />
          </p>
          <PutForm product={product} />
          {categories.length > 0 && (
            <p className="soft">
              More in{' '}
              {categories.map((category, i) => (
                <span key={category}>
                  {i > 0 && ', '}
                  <Link to={`/?category=${encodeURIComponent(category)}`}>{category}</Link>
                </span>
              ))}
            </p>
          )}
        </div>
        <section className="card product-ratings" aria-labelledby="ratings">
          <h2 id="ratings">What buyers think</h2>
          <Ratings rating={rating} />
          {person === undefined ? (
            <p className="hint">Whoever has bought it can give it stars.</p>
          ) : (
            <OwnVote key={person.user_id} product={product} userId={person.user_id} />
          )}
        </section>
      </div>
    </Page>
  );
}

function PutForm({ product }: { product: Product }) {
  const [said, setSaid] = useState('');
  const inBasket = useInBasket(product.item_id);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = put(product, Number(new FormData(event.currentTarget).get('quantity')));
    setSaid(text);
    announce(text);
  };
  return (
    <form className="put-form" onSubmit={submit}>
      {product.quantity === 0 && <SoldOutHint />}
      <div className="put-row">
        <Field
          label="Quantity"
          name="quantity"
          type="number"
          inputMode="numeric"
          min={1}
          max={MAX_QUANTITY}
          defaultValue={1}
          required
        />
        <button type="submit" className="main">
          Add to basket
        </button>
      </div>
      <p className="put-said">
        {said !== '' && inBasket > 0 && (
          <>
            {said} <Link to="/basket">Go to the basket</Link>
          </>
        )}
      </p>
    </form>
  );
}

function ProductSkeleton() {
  return (
    <Page title="Loading …">
      <div className="product" aria-hidden="true">
        <div className="picture large skeleton" />
        <div className="stack product-text">
          <span className="skeleton line" />
          <span className="skeleton text-block" />
          <span className="skeleton line" />
        </div>
      </div>
    </Page>
  );
}
