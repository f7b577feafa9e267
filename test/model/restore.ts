import { commonTables, type Table } from './memory';
import type { Service, World } from './world';

/**
 * A service's database returns to an earlier commit: it was restored from a backup, or a standby took over that was
 * behind. What the other services and the broker know stays.
 */

type Tables = Record<string, Table<unknown>>;

/** What was published stays published, so the outbox is part of a backup only where rows are deleted from it. */
function restorable(tables: object, withOutbox: boolean): [string, Table<unknown>][] {
  const own = Object.entries(tables as Tables).filter(([name]) => !(name in commonTables()));
  return withOutbox ? [...own, ['outbox', (tables as Tables).outbox as Table<unknown>]] : own;
}

export function backUp(tables: object, withOutbox = false): string {
  return JSON.stringify(restorable(tables, withOutbox).map(([name, table]) => [name, table.entries()]));
}

/** Returns the tables of a service to the backup, and marks the sagas about which they now know less. */
export function restore(world: World, service: Service, backup: string, withOutbox = false): void {
  const tables = world[service];
  const before = new Map(sagasOf(world, service).entries());
  const rows = new Map<string, [string, unknown][]>(JSON.parse(backup));
  for (const [name, table] of restorable(tables, withOutbox)) {
    table.clear();
    for (const [key, row] of rows.get(name) ?? []) {
      table.set(key, row);
    }
  }
  const after = sagasOf(world, service);
  for (const [sagaId, row] of before) {
    if (JSON.stringify(row) !== JSON.stringify(after.get(sagaId))) {
      tables.forgotten.set(sagaId, true);
    }
  }
}

/** The table that says how each saga stands in a service. */
function sagasOf({ order, payment, stock }: World, service: Service): Table<unknown> {
  return { order: order.sagas, payment: payment.charges, stock: stock.reservations }[
    service
  ] as Table<unknown>;
}
