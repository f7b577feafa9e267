import { APIError } from 'better-auth/api';
import { Refusal, unavailable } from '../../../shared/http/problem';
import { CommitUnknown, DatabaseUnavailable, databaseCauseOf } from '../../../shared/postgres/errors';

/** What Prisma says when a transaction ended before its time, for instance because it waited for too long. */
const TRANSACTION_ENDED = 'P2028';

/** The library finds nobody logged in when it cannot read sessions. Whoever calls this has just read the session. */
const SESSION_LOST = 'UNAUTHORIZED';

/** Calls the library for something that changes nothing. */
export function reading<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    refuseIfSessionIsLost(error);
    const cause = causeOf(error);
    throw isAway(cause) ? new DatabaseUnavailable('the database is away', { cause }) : cause;
  });
}

/** Calls the library for something that it writes. If the database goes away meanwhile, nobody knows what was written. */
export function writing<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    refuseIfSessionIsLost(error);
    const cause = causeOf(error);
    throw isAway(cause) ? new CommitUnknown('the database went away during a request', { cause }) : cause;
  });
}

function refuseIfSessionIsLost(error: unknown): void {
  if (error instanceof APIError && error.body?.code === SESSION_LOST) {
    throw new Refusal(
      unavailable('The session cannot be read right now, or has just ended. Repeat the request in a moment.'),
    );
  }
}

/** The library wraps some faults. */
function causeOf(error: unknown): unknown {
  return error instanceof APIError && error.cause !== undefined ? error.cause : error;
}

function isAway(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return databaseCauseOf(cause) === 'unreachable' || code === TRANSACTION_ENDED;
}
