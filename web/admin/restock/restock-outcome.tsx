import { Link } from 'react-router';
import { NoAnswer, Refused } from '../../client/answers';
import { Notice } from '../../ui/notice';
import { adviceFor } from '../../ui/trouble';
import { plural } from '../../ui/words';
import type { Restocked } from './restock';

type RestockOutcomeProps =
  | { readonly restocked: Restocked; onAgain(): void; readonly error?: never }
  | { readonly error: unknown; readonly restocked?: never };

/** Says what has become of the units. */
export function RestockOutcome(outcome: RestockOutcomeProps) {
  if (outcome.restocked === undefined) {
    return (
      <Notice tone="bad" title={titleOf(outcome.error)} takesFocus>
        <p>{adviceOf(outcome.error)}</p>
      </Notice>
    );
  }
  const { itemId, name, quantity, isNew, refusal } = outcome.restocked;
  const buttons = (
    <p className="buttons">
      <button type="button" className="main" onClick={outcome.onAgain}>
        Put in something else
      </button>
      <Link to={`/products/${itemId}`} className="quiet">
        Edit the product
      </Link>
      <Link to="/" className="quiet">
        Inventory
      </Link>
    </p>
  );
  return refusal === undefined ? (
    <Notice
      tone="good"
      title={isNew ? `“${name}” is new in the shop` : `There is more of “${name}”`}
      takesFocus
    >
      <p>
        {plural(quantity, 'unit')} {quantity === 1 ? 'was' : 'were'} counted. {isNew && 'Buyers see it now.'}
      </p>
      {buttons}
    </Notice>
  ) : (
    <Notice tone="bad" title={`The units of “${name}” were refused`} takesFocus>
      <p>
        {refusal === 'limit_exceeded'
          ? 'The shop would have more of it than it can count. Nothing was added.'
          : 'The stock has it at another price. Nothing was added. Tell an operator.'}
      </p>
      {buttons}
    </Notice>
  );
}

const titleOf = (error: unknown): string =>
  error instanceof NoAnswer ? 'Nobody knows yet whether the units are there' : 'Nothing was added';

function adviceOf(error: unknown): string {
  if (error instanceof NoAnswer) {
    return 'The shop does not answer. Press the button again without a change: the same units are added once.';
  }
  return error instanceof Refused && error.status === 403
    ? 'Your account is not a shopkeeper’s.'
    : adviceFor(error);
}
