import { ALL, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** The rights to the tables of order. tools/deploy/grants.ts turns them into grants. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  orders: { runtime: ALL },
  order_lines: { runtime: ALL },
  sagas: { runtime: KEEP },
};
