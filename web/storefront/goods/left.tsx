import { quantityLeft } from '../../ui/words';

const FEW = 5;

export function Left({ quantity }: { quantity: number | null }) {
  const kind = quantity === 0 ? 'none' : quantity !== null && quantity <= FEW ? 'few' : '';
  return <span className={`left ${kind}`}>{quantityLeft(quantity)}</span>;
}

/** The till decides what can be sold, and not this page: units that others have set aside may come back. */
export function SoldOutHint() {
  return (
    <p className="hint">
      Sold out at this moment. You can put it into your basket all the same: when somebody else’s payment does
      not go through, their units come back.
    </p>
  );
}
