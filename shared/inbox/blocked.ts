import type { SagaEvent } from '../contract/events';
import { statement } from '../postgres/statement';
import type { Tx } from '../postgres/tx';

/** What an event waits for that was deferred by a newer version, and that this one cannot read. */
export const READABLE = 'a version of this service that can read it';

/** Says why an event is deferred. */
export function whyDeferred(blockedBy: string): string {
  return blockedBy === READABLE ? `it waits for ${READABLE}` : `another session has locked ${blockedBy}`;
}

/** Names the rows of a table by their keys, such as "items/42". */
export function namesOf(table: string, rows: readonly { id: string }[]): Map<string, string> {
  return new Map(rows.map(({ id }) => [id, `${table}/${id}`]));
}

/**
 * Returns a function that waits for a row, given its name, and locks it. It does nothing about a name that is no row of
 * these tables.
 * @param keys the key column of each table
 */
export function rowLocks(keys: Readonly<Record<string, string>>): (tx: Tx, row: string) => Promise<unknown> {
  const statements = new Map(
    Object.entries(keys).map(([table, key]) => [
      table,
      statement(`wait_for_${table}`, `SELECT FROM ${table} WHERE ${key} = $1 FOR NO KEY UPDATE`),
    ]),
  );
  return async (tx, row) => {
    const slash = row.indexOf('/');
    const lock = statements.get(row.slice(0, slash));
    return lock && tx.run(lock, [row.slice(slash + 1)]);
  };
}

/**
 * Returns the events that need one of the locked rows, each with the name of the first that it needs.
 * @param locked the names of the locked rows, by key
 */
export function blockedBy<Event extends SagaEvent>(
  events: readonly Event[],
  keysOf: (event: Event) => readonly string[],
  locked: ReadonlyMap<string, string>,
): ReadonlyMap<Event, string> {
  const blocked = new Map<Event, string>();
  for (const event of locked.size > 0 ? events : []) {
    const row = keysOf(event).flatMap((key) => locked.get(key) ?? [])[0];
    if (row !== undefined) {
      blocked.set(event, row);
    }
  }
  return blocked;
}
