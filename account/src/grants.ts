import { ALL, APPEND, type TableRights } from '../../shared/postgres/rights';

/** The rights to the tables of account. tools/deploy/grants.ts turns them into grants. */
export const grants: Readonly<Record<string, TableRights>> = {
  // A command makes the first operator.
  users: { runtime: ALL, operator: ['UPDATE'], operatorColumns: ['roles', 'updated_at'] },
  sessions: { runtime: ALL, isSecret: true },
  credentials: { runtime: ALL, isSecret: true },
  verifications: { runtime: ALL, isSecret: true },
  signing_keys: { runtime: ALL, isSecret: true },
  attempts: { runtime: ALL, isSecret: true },
  operator_actions: { runtime: APPEND, operator: APPEND, numbered: 'id' },
};
