import { useQueries } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Refused } from '../../client/answers';
import { announce } from '../../ui/announce';
import { Page } from '../../ui/page';
import { Picture } from '../../ui/picture';
import { useStore } from '../../ui/use-store';
import { credits, plural, quantityLeft } from '../../ui/words';
import { productQuery } from '../goods/queries';
import { basket, type Line, MAX_QUANTITY, setQuantity, takeOut, totalOf, unitsOf } from './basket';

export function BasketPage() {
  const lines = useStore(basket);
  const products = useQueries({ queries: lines.map(({ item_id }) => productQuery(item_id)) });
  if (lines.length === 0) {
    return (
      <Page title="Your basket" look="narrow">
        <div className="stack">
          <p>Nothing is in it yet.</p>
          <p>
            <Link to="/" className="main">
              Look at the goods
            </Link>
          </p>
        </div>
      </Page>
    );
  }
  return (
    <Page title="Your basket">
      <div className="basket">
        <ul className="lines">
          {lines.map((line, i) => (
            <BasketLine
              key={line.item_id}
              line={line}
              left={products[i]?.data?.quantity ?? null}
              isGone={isGone(products[i]?.error)}
            />
          ))}
        </ul>
        <section className="card sum" aria-labelledby="sum">
          <h2 id="sum">Together</h2>
          <p className="sum-row">
            <span>{plural(unitsOf(lines), 'unit')}</span>
            <span className="price">{credits(totalOf(lines))}</span>
          </p>
          <Link to="/checkout" className="main">
            Go to checkout
          </Link>
          <p className="hint">Nothing is taken from your credit before you say so on the next page.</p>
        </section>
      </div>
    </Page>
  );
}

const isGone = (error: unknown) => error instanceof Refused && error.status === 404;

interface BasketLineProps {
  readonly line: Line;
  readonly left: number | null;
  readonly isGone: boolean;
}

function BasketLine({ line, left, isGone }: BasketLineProps) {
  const { item_id, name, picture, price, quantity } = line;
  const id = `quantity-${item_id}`;
  return (
    <li className="line">
      <Link to={`/products/${item_id}`} tabIndex={-1} aria-hidden="true">
        <Picture name={picture} className="picture small" />
      </Link>
      <div className="line-text">
        <h2>
          <Link to={`/products/${item_id}`}>{name}</Link>
        </h2>
        <p className="soft">{credits(price)} each</p>
        <Hint left={left} quantity={quantity} isGone={isGone} />
      </div>
      <div className="line-quantity">
        <label htmlFor={id} className="unseen">
          Quantity of {name}
        </label>
        <input
          id={id}
          type="number"
          inputMode="numeric"
          min={1}
          max={MAX_QUANTITY}
          value={quantity}
          onChange={({ target }) => {
            if (target.value !== '') {
              setQuantity(item_id, Number(target.value));
            }
          }}
        />
        <button
          type="button"
          className="text"
          onClick={() => {
            takeOut(item_id);
            announce(`${name} is no longer in your basket.`);
            document.querySelector<HTMLElement>('h1')?.focus();
          }}
        >
          Remove<span className="unseen"> {name}</span>
        </button>
      </div>
      <p className="price line-price">{credits(price * quantity)}</p>
    </li>
  );
}

function Hint({ left, quantity, isGone }: Omit<BasketLineProps, 'line'> & Pick<Line, 'quantity'>) {
  if (isGone) {
    return (
      <p className="left few">Not on show any more. The checkout will say whether it can still be sold.</p>
    );
  }
  if (left !== null && left < quantity) {
    return <p className="left few">{quantityLeft(left)}. You can try all the same: units may come back.</p>;
  }
  return null;
}
