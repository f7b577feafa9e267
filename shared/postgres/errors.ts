import { DatabaseError } from 'pg';

/** No connection to be had, or it was lost before COMMIT was sent: nothing happened. `cause` says what broke. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
  override readonly name = 'DatabaseUnavailable';
}

/**
 * The connection broke while COMMIT was on its way: the transaction may or may not have happened. Whoever gets
 * this runs the work again, and the rows decide.
 */
export class CommitUnknown extends Error {
  readonly code = 'COMMIT_UNKNOWN';
  override readonly name = 'CommitUnknown';
}

/** SQLSTATEs that say two transactions got in each other's way, so that running this one again will do. */
const RACES = new Set([
  '40001' /* serialization */,
  '40P01' /* deadlock */,
  '23505' /* unique: another was first */,
]);

/** SQLSTATEs, or their classes, that speak of the state of the server or the schema, and not of the work. */
const OUTAGE_CLASSES = new Set([
  '08' /* connection */,
  '40' /* rolled back: the server is that busy */,
  '53' /* resources */,
  '57' /* intervention */,
  '58' /* system */,
]);
const OUTAGE_CODES = new Set([
  '25006' /* read-only: a failover */,
  '25P03' /* idle timeout */,
  '42703' /* no such column: during an upgrade the schema is another version's */,
  '42P01' /* no such table: likewise */,
  '55P03' /* lock timeout */,
]);

export function isRace(error: unknown): boolean {
  return error instanceof DatabaseError && RACES.has(error.code ?? '');
}

/** Whether the fault lies with the database's availability, so that the same work can succeed later. */
export function isOutage(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable || error instanceof CommitUnknown) return true;
  if (!(error instanceof DatabaseError)) return false;
  const code = error.code ?? '';
  return OUTAGE_CLASSES.has(code.slice(0, 2)) || OUTAGE_CODES.has(code);
}

/** node-postgres gives what the server said as a DatabaseError; whatever else it throws is about the connection. */
export function asDatabaseFault(error: unknown): unknown {
  return error instanceof DatabaseError
    ? error
    : new DatabaseUnavailable('the database cannot be reached', { cause: error });
}
