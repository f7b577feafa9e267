import { Link } from 'react-router';
import type { Product } from '../../client/types';
import { announce } from '../../ui/announce';
import { Picture } from '../../ui/picture';
import { Stars } from '../../ui/stars';
import { useStore } from '../../ui/use-store';
import { credits } from '../../ui/words';
import { basket, putIntoBasket } from '../basket/basket';
import { Left } from './left';

export function ProductCard({ product, isFirst }: { product: Product; isFirst: boolean }) {
  const { item_id, name, picture, price, quantity, rating } = product;
  const inBasket = useInBasket(item_id);
  return (
    <li className="ware">
      <Picture name={picture} isFirst={isFirst} />
      <div className="ware-text">
        <h2>
          <Link to={`/products/${item_id}`}>{name}</Link>
        </h2>
        <Stars {...rating} />
        <p className="ware-facts">
          <span className="price">{credits(price)}</span>
          <Left quantity={quantity} />
        </p>
        <button type="button" className="quiet" onClick={() => announce(put(product, 1))}>
          {inBasket === 0 ? 'Add to basket' : `One more (${inBasket})`}
          <span className="unseen">
            {inBasket > 0 && ' in your basket'}: {name}
          </span>
        </button>
      </div>
    </li>
  );
}

/** Returns how many units of a product are in the basket. */
export function useInBasket(itemId: string): number {
  return useStore(basket).find(({ item_id }) => item_id === itemId)?.quantity ?? 0;
}

/** Puts a product into the basket, and says so. */
export function put(product: Product, quantity: number): string {
  if (!putIntoBasket(product, quantity)) {
    return 'Your basket is full. Check it out, and begin another one.';
  }
  const inBasket = basket.get().find(({ item_id }) => item_id === product.item_id)?.quantity ?? 0;
  return `${inBasket} × ${product.name} ${inBasket === 1 ? 'is' : 'are'} in your basket.`;
}

/** As high as a card, so that nothing moves when the goods arrive. */
export function ProductCardSkeleton() {
  return (
    <li className="ware" aria-hidden="true">
      <div className="picture skeleton" />
      <div className="ware-text">
        <span className="skeleton line card-name" />
        <span className="skeleton line card-stars" />
        <span className="skeleton line card-price" />
        <span className="skeleton card-button" />
      </div>
    </li>
  );
}
