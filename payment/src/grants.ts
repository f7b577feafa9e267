import { APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** Who may do what to the tables of payment: see tools/deploy/grants.ts. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  users: { runtime: KEEP },
  credit_ledger: { runtime: APPEND, numbered: 'id' },
  charges: { runtime: APPEND },
  order_payments: { runtime: KEEP },
};
