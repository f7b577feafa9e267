import { ALL, APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** The rights to the tables of order. tools/deploy/grants.ts turns them into grants. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  // An operator requests a cancellation through the outbox, as order itself does.
  outbox: { ...commonTables.outbox, operator: APPEND },
  orders: { runtime: ALL },
  order_lines: { runtime: ALL },
  sagas: { runtime: KEEP },
};
