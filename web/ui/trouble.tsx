import { NoAnswer, Refused } from '../client/answers';
import { Notice } from './notice';

interface TroubleProps {
  readonly error: unknown;
  /** What could not be done, such as "The orders could not be read". */
  readonly what: string;
  readonly onRetry?: () => void;
}

/** Says what went wrong, and what to do about it. */
export function Trouble({ error, what, onRetry }: TroubleProps) {
  return (
    <Notice tone="bad" title={what}>
      <p>{adviceFor(error)}</p>
      {onRetry && (
        <button type="button" className="quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

export function adviceFor(error: unknown): string {
  if (error instanceof NoAnswer) {
    return 'The shop does not answer. Look whether you are online, and try again in a moment.';
  }
  if (!(error instanceof Refused)) {
    return 'Something went wrong on this page. Load it again.';
  }
  if (error.isBusy) {
    return waitFor(error);
  }
  return error.status === 401 ? 'You are no longer logged in. Log in again, and repeat it.' : error.message;
}

function waitFor({ retryAfterSeconds: seconds = 1, reason }: Refused): string {
  const when =
    seconds <= 5
      ? 'in a moment'
      : `in ${seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`}`;
  return reason === 'too_many_attempts'
    ? `There were too many attempts from your network. Nothing was done. Try again ${when}.`
    : `The shop has too much to do right now. Nothing was done. Try again ${when}.`;
}
