import { APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** The rights to the tables of stock. tools/deploy/grants.ts turns them into grants. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  items: { runtime: KEEP },
  stock_ledger: { runtime: APPEND, numbered: 'id' },
  restocks: { runtime: APPEND },
  reservations: { runtime: KEEP, numbered: 'arrival' },
};
