import * as z from 'zod';
import { createLogger } from '../../shared/observe/log';
import { type Database, openDatabase } from '../../shared/postgres/database';
import { statement } from '../../shared/postgres/statement';
import { databaseAddress, readConfig } from '../../shared/service/config';
import { localDatabases } from '../support/addresses';
import type { Operator } from './operator-actions';

export interface Account {
  id: string;
  email: string;
  name: string;
  roles: string[];
  created_at: Date;
}

const readAccount = statement<Account>(
  'operate_read_account',
  'SELECT id, email, name, roles, created_at FROM users WHERE email = $1',
);
const lockAccount = statement<Account>(
  'operate_lock_account',
  'SELECT id, email, name, roles, created_at FROM users WHERE id = $1 FOR NO KEY UPDATE',
);
const setRolesOf = statement(
  'operate_set_roles',
  'UPDATE users SET roles = $2::text[], updated_at = CURRENT_TIMESTAMP WHERE id = $1',
);
const insertAction = statement(
  'operate_insert_account_action',
  `INSERT INTO operator_actions (actor, action, subject, reason, detail) VALUES ($1, 'set_roles', $2, $3, $4::json)`,
);

/** Opens the database of accounts for as long as `work` takes. @param gatewayPort as given to `npm start` */
export async function withAccounts<T>(
  gatewayPort: number | undefined,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const { ACCOUNT_DATABASE_URL: named } = readConfig(
    z.object({ ACCOUNT_DATABASE_URL: databaseAddress.optional() }),
  );
  const url = named ?? (await localDatabases(gatewayPort, ['ACCOUNT_DATABASE_URL']))('account');
  const log = createLogger({ service: 'operate', level: 'silent', format: 'json' });
  const database = openDatabase({ name: 'operate', url, poolSize: 1, log });
  try {
    await database.ready().catch((error: Error) => {
      throw new Error(
        'The database of account cannot be read. Does the shop run with --access required? If it runs elsewhere, set ' +
          'ACCOUNT_DATABASE_URL.',
        { cause: error.cause ?? error },
      );
    });
    return await work(database);
  } finally {
    await database.close();
  }
}

export async function findAccount(database: Database, email: string): Promise<Account | undefined> {
  const [account] = await database.transaction((tx) => tx.run(readAccount, [email.toLowerCase()]));
  return account;
}

/** Replaces the roles of an account, and writes down who did that and why. Returns undefined if there is no such account. */
export function setRoles(
  database: Database,
  id: string,
  roles: readonly string[],
  { actor, reason }: Operator,
): Promise<Account | undefined> {
  return database.transaction(async (tx) => {
    const [account] = await tx.run(lockAccount, [id]);
    if (account === undefined) {
      return undefined;
    }
    const after = [...new Set(roles)].sort();
    tx.send(setRolesOf, [account.id, after]);
    tx.send(insertAction, [actor, account.id, reason, JSON.stringify({ before: account.roles, after })]);
    return { ...account, roles: after };
  });
}
