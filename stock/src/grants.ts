import { APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** Who may do what to the tables of stock: see tools/deploy/grants.ts. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  items: { runtime: KEEP },
  stock_ledger: { runtime: APPEND, numbered: 'id' },
  reservations: { runtime: KEEP, numbered: 'arrival' },
};
