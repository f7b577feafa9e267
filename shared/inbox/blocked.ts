import type { SagaEvent } from '../contract/events';

/** Names the rows of a table by their keys, such as "items/42". */
export function namesOf(table: string, rows: readonly { id: string }[]): Map<string, string> {
  return new Map(rows.map(({ id }) => [id, `${table}/${id}`]));
}

/**
 * Returns the events that need one of the locked rows, each with the name of the first that it needs.
 * @param locked the names of the locked rows, by key
 */
export function blockedBy(
  events: readonly SagaEvent[],
  keysOf: (event: SagaEvent) => readonly string[],
  locked: ReadonlyMap<string, string>,
): ReadonlyMap<SagaEvent, string> {
  const blocked = new Map<SagaEvent, string>();
  for (const event of locked.size > 0 ? events : []) {
    const row = keysOf(event).flatMap((key) => locked.get(key) ?? [])[0];
    if (row !== undefined) {
      blocked.set(event, row);
    }
  }
  return blocked;
}
