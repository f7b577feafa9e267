import { Link } from 'react-router';
import { Notice } from '../../ui/notice';
import { credits } from '../../ui/words';
import type { Result } from './attempt';
import { meaningOf } from './reasons';

/** Says in words how it ended, and what one can do. */
export function Outcome({ result, onRetry }: { result: Result; onRetry(): void }) {
  if (result.kind === 'paid') {
    return (
      <Notice tone="good" title="Paid. Thank you!" takesFocus>
        <p>{credits(result.total)} were taken from your credit, and the goods are yours.</p>
        <p className="buttons">
          <Link to={`/my-orders/${result.orderId}`} className="main">
            See the order
          </Link>
          <Link to="/" className="quiet">
            Back to the goods
          </Link>
        </p>
      </Notice>
    );
  }
  const retry = (
    <button type="button" className="main" onClick={onRetry}>
      Try again
    </button>
  );
  if (result.kind === 'refused') {
    const { title, advice, canRepeat } = meaningOf(result.reason, result.detail);
    return (
      <Notice tone="bad" title={title} takesFocus>
        <p>{advice}</p>
        <p className="buttons">
          {canRepeat && retry}
          <Link to="/basket" className="quiet">
            Back to the basket
          </Link>
        </p>
      </Notice>
    );
  }
  return result.kind === 'busy' ? (
    <Notice tone="careful" title="The shop has too much to do right now" takesFocus>
      <p>
        It did not begin with your order: nothing was set aside and nothing was taken from your credit. Try
        again {result.seconds > 5 ? `in ${result.seconds} seconds` : 'in a moment'}.
      </p>
      <p className="buttons">{retry}</p>
    </Notice>
  ) : (
    <Notice tone="careful" title="Your order has not reached the shop" takesFocus>
      <p>
        There was no answer, so this page looked: nothing was taken from your credit so far. Look whether you
        are online, and try again. That is safe: the same order is never charged twice.
      </p>
      <p className="buttons">{retry}</p>
    </Notice>
  );
}
