import { useEffect } from 'react';
import { Link } from 'react-router';
import { session } from '../../client/session';
import { announce } from '../../ui/announce';
import { Page } from '../../ui/page';
import { useStore } from '../../ui/use-store';
import { credits, plural } from '../../ui/words';
import { basket, type Line, totalOf, unitsOf } from '../basket/basket';
import { useCredit, usePerson } from '../people/credit';
import { attemptFor, keptAttempt, type Progress, progress } from './attempt';
import { buy } from './buy';
import { Outcome } from './outcome';
import { Steps } from './steps';

export function CheckoutPage() {
  const { is } = useStore(session);
  const person = usePerson();
  const running = useStore(progress);
  const inBasket = useStore(basket);
  const userId = person?.user_id;
  // What was paid is no longer in the basket, and still what this page is about.
  const mine = running?.attempt.userId === userId ? running : undefined;
  useEffect(() => {
    const kept = keptAttempt();
    if (userId !== undefined && kept?.userId === userId && kept.isSent && !progress.get()?.isRunning) {
      announce('An earlier payment was not answered. Finding out what became of it.');
      void buy(kept);
    }
    // A purchase that has ended is not shown again to whoever comes back later.
    return () => {
      if (progress.get()?.isRunning === false) {
        progress.set(undefined);
      }
    };
  }, [userId]);
  const lines = mine?.attempt.lines ?? inBasket;
  return (
    <Page title="Checkout">
      {lines.length === 0 ? (
        <Empty />
      ) : (
        <div className="basket">
          <div className="stack">
            {userId !== undefined && <Purchase progress={mine} userId={userId} lines={lines} />}
            {is === 'out' && <Stranger />}
            {is === 'unknown' && <span className="skeleton text-block" />}
          </div>
          <Summary lines={lines} isPaid={mine?.result?.kind === 'paid'} />
        </div>
      )}
    </Page>
  );
}

function Empty() {
  return (
    <div className="stack">
      <p>There is nothing in your basket to check out.</p>
      <p className="buttons">
        <Link to="/" className="main">
          Look at the goods
        </Link>
        <Link to="/my-orders" className="quiet">
          My orders
        </Link>
      </p>
    </div>
  );
}

/** Only somebody whom the till knows has credit to pay with. */
function Stranger() {
  return (
    <div className="card stack">
      <h2>Who is buying?</h2>
      <p>Log in to pay with your credit. Your basket stays as it is.</p>
      <p className="buttons">
        <Link to="/log-in?next=/checkout" className="main">
          Log in
        </Link>
        <Link to="/register?next=/checkout" className="quiet">
          Make an account
        </Link>
      </p>
    </div>
  );
}

interface PurchaseProps {
  readonly progress: Progress | undefined;
  readonly userId: string;
  readonly lines: readonly Line[];
}

function Purchase({ progress: running, userId, lines }: PurchaseProps) {
  const start = () => {
    const attempt = attemptFor(userId, lines);
    // Whoever has just read that it did not arrive wants it sent, and not looked for once more.
    void buy(running?.result?.kind === 'not arrived' ? { ...attempt, isSent: false } : attempt);
  };
  if (running === undefined) {
    return (
      <div className="card stack">
        <h2>Ready to buy</h2>
        <p>
          When you press the button, the shop sets the goods aside and takes their price from your credit. It
          does both, or neither.
        </p>
        <p>
          <button type="button" className="main" onClick={start}>
            Buy for {credits(totalOf(lines))}
          </button>
        </p>
      </div>
    );
  }
  const { steps, isRunning, result } = running;
  return (
    <div className="card stack">
      <h2>{isRunning ? 'Buying …' : 'What happened'}</h2>
      <Steps steps={steps} result={result} />
      {isRunning && steps.some(({ name }) => name === 'waiting') && (
        <p className="hint">
          It takes longer than usual. You can leave this page; the order is among{' '}
          <Link to="/my-orders">your orders</Link>, and says there how it ended.
        </p>
      )}
      {result !== undefined && <Outcome result={result} onRetry={start} />}
    </div>
  );
}

function Summary({ lines, isPaid }: { lines: readonly Line[]; isPaid: boolean }) {
  const credit = useCredit();
  const total = totalOf(lines);
  const isShort = !isPaid && credit !== undefined && credit < total;
  return (
    <section className="card sum" aria-labelledby="sum">
      <h2 id="sum">{isPaid ? 'What you bought' : plural(unitsOf(lines), 'unit')}</h2>
      <ul className="sum-lines">
        {lines.map(({ item_id, name, price, quantity }) => (
          <li key={item_id} className="sum-row">
            <span>
              {quantity} × {name}
            </span>
            <span className="number">{credits(price * quantity)}</span>
          </li>
        ))}
      </ul>
      <p className="sum-row whole">
        <span>Together</span>
        <span className="price">{credits(total)}</span>
      </p>
      {credit !== undefined && (
        <p className={`sum-row ${isShort ? 'short' : ''}`}>
          <span>Your credit{isPaid ? ' now' : ''}</span>
          <span className="number">{credits(credit)}</span>
        </p>
      )}
      {isShort && (
        <p className="hint">That is {credits(total - credit)} short. The till has the last word.</p>
      )}
    </section>
  );
}
