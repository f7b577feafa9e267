import { APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** The rights to the tables of payment. tools/deploy/grants.ts turns them into grants. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  users: { runtime: KEEP },
  credit_ledger: { runtime: APPEND, numbered: 'id' },
  charges: { runtime: APPEND },
  order_payments: { runtime: KEEP },
};
