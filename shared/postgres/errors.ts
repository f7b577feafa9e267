import { DatabaseError } from 'pg';
import { SQLSTATE, SQLSTATE_CLASS } from './sqlstates';

/** There was no connection, or it was lost before COMMIT was sent: nothing happened. `cause` says what broke. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
  override readonly name = 'DatabaseUnavailable';
}

/**
 * The connection broke during COMMIT: the transaction may or may not have happened. The caller runs the work again, and
 * the rows show whether it had.
 */
export class CommitUnknown extends Error {
  readonly code = 'COMMIT_UNKNOWN';
  override readonly name = 'CommitUnknown';
}

/** Two transactions conflicted; running this one again resolves it. */
const RACES: ReadonlySet<string> = new Set([
  SQLSTATE.SERIALIZATION_FAILURE,
  SQLSTATE.DEADLOCK_DETECTED,
  // Another transaction inserted the same key first.
  SQLSTATE.UNIQUE_VIOLATION,
]);

/** Errors about the state of the server or the schema, and not about the work. */
const OUTAGE_CLASSES: ReadonlySet<string> = new Set([
  SQLSTATE_CLASS.CONNECTION_EXCEPTION,
  // The server is so busy that races do not end.
  SQLSTATE_CLASS.TRANSACTION_ROLLBACK,
  SQLSTATE_CLASS.INSUFFICIENT_RESOURCES,
  SQLSTATE_CLASS.OPERATOR_INTERVENTION,
  SQLSTATE_CLASS.SYSTEM_ERROR,
]);
const OUTAGE_CODES: ReadonlySet<string> = new Set([
  // A failover.
  SQLSTATE.READ_ONLY_SQL_TRANSACTION,
  SQLSTATE.IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
  // During an upgrade, the schema may be of another version than the service.
  SQLSTATE.UNDEFINED_COLUMN,
  SQLSTATE.UNDEFINED_TABLE,
  SQLSTATE.LOCK_NOT_AVAILABLE,
]);

export function isRace(error: unknown): boolean {
  return error instanceof DatabaseError && RACES.has(error.code ?? '');
}

/** Whether the database was not available, so that the same work can succeed later. */
export function isOutage(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable || error instanceof CommitUnknown) {
    return true;
  }
  if (!(error instanceof DatabaseError)) {
    return false;
  }
  const code = error.code ?? '';
  return OUTAGE_CLASSES.has(code.slice(0, 2)) || OUTAGE_CODES.has(code);
}

/** node-postgres throws the server's errors as DatabaseError; its other errors are about the connection. */
export function asDatabaseFault(error: unknown): unknown {
  return error instanceof DatabaseError
    ? error
    : new DatabaseUnavailable('the database cannot be reached', { cause: error });
}
