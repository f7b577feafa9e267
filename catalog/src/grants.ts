import { APPEND, commonTables, KEEP, type TableRights } from '../../shared/postgres/rights';

/** The rights to the tables of catalog. tools/deploy/grants.ts turns them into grants. */
export const grants: Readonly<Record<string, TableRights>> = {
  ...commonTables,
  products: { runtime: KEEP },
  restocks: { runtime: KEEP },
  votes: { runtime: KEEP },
  vote_ledger: { runtime: APPEND, numbered: 'id' },
  vote_counts: { runtime: KEEP },
};
