import { ALL, APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** Who may do what to the tables of order: see tools/deploy/grants.ts. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  // An operator asks for a cancellation through the outbox, as order itself does.
  outbox: { ...commonTables.outbox, operator: APPEND },
  orders: { runtime: ALL },
  order_lines: { runtime: ALL },
  sagas: { runtime: KEEP },
};
