import { DatabaseError } from 'pg';
import { InvariantViolation, reasonOf } from '../errors';
import { SQLSTATE, SQLSTATE_CLASS } from './sqlstates';

/** There was no connection, or it was lost before COMMIT was sent: nothing happened. `cause` says what broke. */
export class DatabaseUnavailable extends Error {
  readonly code: string = 'DATABASE_UNAVAILABLE';
  override readonly name: string = 'DatabaseUnavailable';
}

/**
 * The connection broke during COMMIT: the transaction may or may not have happened. The caller runs the work again, and
 * the rows show whether it had.
 */
export class CommitUnknown extends Error {
  readonly code = 'COMMIT_UNKNOWN';
  override readonly name = 'CommitUnknown';
}

/**
 * Why work failed, for metrics and messages.
 *
 *     work         the work itself is at fault: it fails again, however often it runs
 *     locked       another session holds a row or table, or somebody cancelled the statement
 *     unreachable  there is no session: the server is down, starting, stopping, or out of connections
 *     refused      the server does not let this role in, or does not let it do this
 *     schema       the tables are of another version than the service, or a prepared plan is
 *     other        anything else; the work can succeed later
 *
 * Only `work` is on a list. Whatever is on no list says nothing about the work, so the work is kept and runs again.
 */
export type FaultCause = 'work' | 'locked' | 'unreachable' | 'refused' | 'schema' | 'other';

/** Two transactions conflicted; running this one again resolves it. */
const RACES: ReadonlySet<string> = new Set([
  SQLSTATE.SERIALIZATION_FAILURE,
  SQLSTATE.DEADLOCK_DETECTED,
  // Another transaction inserted the same key first.
  SQLSTATE.UNIQUE_VIOLATION,
]);

/** Classes of SQLSTATEs, each with what it says. A code of its own in CAUSES comes first. */
const CAUSES_OF_CLASSES: Readonly<Record<string, FaultCause>> = {
  // A value does not fit its column, or cannot be computed.
  [SQLSTATE_CLASS.DATA_EXCEPTION]: 'work',
  // A row would break a CHECK or another constraint, and a race for a key that did not end is no race.
  [SQLSTATE_CLASS.INTEGRITY_CONSTRAINT_VIOLATION]: 'work',
  // A statement is too large. Half a batch makes a smaller one, so this ends with the event that is too large alone.
  [SQLSTATE_CLASS.PROGRAM_LIMIT_EXCEEDED]: 'work',
  [SQLSTATE_CLASS.CONNECTION_EXCEPTION]: 'unreachable',
  [SQLSTATE_CLASS.INSUFFICIENT_RESOURCES]: 'unreachable',
  [SQLSTATE_CLASS.OPERATOR_INTERVENTION]: 'unreachable',
  [SQLSTATE_CLASS.SYSTEM_ERROR]: 'unreachable',
  [SQLSTATE_CLASS.INVALID_AUTHORIZATION]: 'refused',
  [SQLSTATE_CLASS.INVALID_CATALOG_NAME]: 'refused',
  [SQLSTATE_CLASS.OBJECT_NOT_IN_PREREQUISITE_STATE]: 'refused',
  [SQLSTATE_CLASS.FEATURE_NOT_SUPPORTED]: 'schema',
  [SQLSTATE_CLASS.SYNTAX_ERROR_OR_ACCESS_RULE]: 'schema',
};
const CAUSES: Readonly<Record<string, FaultCause>> = {
  // A trigger refuses this very row.
  [SQLSTATE.RAISE_EXCEPTION]: 'work',
  [SQLSTATE.LOCK_NOT_AVAILABLE]: 'locked',
  // A statement was cancelled, by its time limit or by somebody else.
  [SQLSTATE.QUERY_CANCELED]: 'locked',
  [SQLSTATE.INSUFFICIENT_PRIVILEGE]: 'refused',
  // A failover, or an operator who has made the server read-only.
  [SQLSTATE.READ_ONLY_SQL_TRANSACTION]: 'refused',
};

/** Faults of our own code, which the same event meets again. */
const CODE_FAULTS = [InvariantViolation, TypeError, RangeError, ReferenceError, SyntaxError];

export function isRace(error: unknown): boolean {
  return error instanceof DatabaseError && RACES.has(error.code ?? '');
}

export function causeOf(error: unknown): FaultCause {
  return databaseCauseOf(error) ?? (CODE_FAULTS.some((fault) => error instanceof fault) ? 'work' : 'other');
}

/** Like `causeOf`; undefined if the error does not come from the database. */
export function databaseCauseOf(error: unknown): FaultCause | undefined {
  if (error instanceof DatabaseError) {
    return causeOfSqlState(error.code);
  }
  if (error instanceof DatabaseUnavailable) {
    return error.cause instanceof DatabaseError ? causeOfNoSession(error.cause) : 'unreachable';
  }
  if (error instanceof CommitUnknown) {
    return 'unreachable';
  }
  return error instanceof Error ? causeOfRead(error) : undefined;
}

function causeOfSqlState(code = ''): FaultCause {
  return CAUSES[code] ?? CAUSES_OF_CLASSES[code.slice(0, 2)] ?? 'other';
}

/** What node-postgres says about a lost connection. Prisma passes it on as it is. */
const CONNECTION_LOST =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client (?:was closed|has encountered a connection error)/;

/** What the system calls its errors: ECONNREFUSED, EHOSTUNREACH, … Those of Node.js itself begin with ERR_. */
const SYSTEM_ERROR = /^E(?!RR_)[A-Z0-9_]+$/;

/**
 * Plain reads go through Prisma, which wraps the server's error twice. An error without a SQLSTATE is the network's. Prisma
 * knows only some of the system's errors, and passes on the code of the others.
 */
function causeOfRead(error: Error & { meta?: PrismaMeta; code?: unknown }): FaultCause | undefined {
  const cause = error.meta?.driverAdapterError?.cause;
  if (cause !== undefined) {
    return /^[0-9A-Z]{5}$/.test(cause.originalCode ?? '')
      ? causeOfSqlState(cause.originalCode)
      : 'unreachable';
  }
  // Only Prisma's errors have it. Whose any other error of the system is, is not known.
  const isFromPrisma = 'clientVersion' in error;
  const isOfSystem = typeof error.code === 'string' && SYSTEM_ERROR.test(error.code);
  return (isFromPrisma && isOfSystem) || CONNECTION_LOST.test(error.message) ? 'unreachable' : undefined;
}

/** Out of memory, disk or connections, or an error of the disk: another connection may not notice. */
const OF_RESOURCES: readonly string[] = [SQLSTATE_CLASS.INSUFFICIENT_RESOURCES, SQLSTATE_CLASS.SYSTEM_ERROR];

/** Whether there is a server, and it lacks what another connection or statement needs. */
export function isOutOfResources(error: unknown): boolean {
  return OF_RESOURCES.includes(sqlStateIn(error).slice(0, 2));
}

/** Whether there was no server to talk to, or it ended the session, as it does when it stops. */
export function isWithoutConnection(error: unknown): boolean {
  return databaseCauseOf(error) === 'unreachable' && !isOutOfResources(error);
}

/** Returns an empty text when the server said nothing. */
function sqlStateIn(error: unknown): string {
  const from = error instanceof DatabaseError || !(error instanceof Error) ? error : (error.cause ?? error);
  return from instanceof DatabaseError
    ? (from.code ?? '')
    : ((from as { meta?: PrismaMeta }).meta?.driverAdapterError?.cause?.originalCode ?? '');
}

interface PrismaMeta {
  readonly driverAdapterError?: { readonly cause?: { readonly originalCode?: string } };
}

/** Whether only the work itself is at fault. Everything else can succeed later as it is. */
export function isOwnFault(error: unknown): boolean {
  return causeOf(error) === 'work';
}

/** node-postgres throws the server's errors as DatabaseError; its other errors are about the connection. */
export function asDatabaseFault(error: unknown): unknown {
  return error instanceof DatabaseError || error instanceof DatabaseUnavailable
    ? error
    : new DatabaseUnavailable('the database cannot be reached', { cause: error });
}

/** The server or the network refused a session or a transaction. Whatever the reason, nothing has happened yet. */
export function asRefusal(error: unknown): DatabaseUnavailable {
  if (error instanceof DatabaseUnavailable) {
    return error;
  }
  return new DatabaseUnavailable(`the database gave no session: ${reasonOf(error)}`, { cause: error });
}

/** Before there is a transaction, no error can be the fault of the work. */
function causeOfNoSession({ code }: DatabaseError): FaultCause {
  const cause = causeOfSqlState(code);
  return cause === 'work' ? 'other' : cause;
}
