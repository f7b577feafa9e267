import type { Database } from '../../shared/postgres/database';
import { UsageError } from '../support/command-line';
import { type Account, findAccount, setRoles, withAccounts } from './accounts';
import {
  actorFrom,
  commonOptions,
  oneLine,
  oneOf,
  print,
  printJson,
  Refusal,
  runCommand,
  type Verbs,
} from './command';

const ROLES = ['shopkeeper', 'operator'] as const;

const usage = `Usage: npm run accounts -- show EMAIL
       npm run accounts -- set-roles ID [ROLE…] --reason "…"
  show       an account: its id and its roles
  set-roles  say what somebody may do beside buying; without a role, nothing. This is how the first operator is made. They
             register and log in, and tell you the user_id that GET /account/me answers: anybody can register any address,
             and only who can log in sees the id
  ROLE       ${ROLES.join(' or ')}
  --actor    your name for the record; default: your user name on this machine
  --json     print JSON for programs
  --port     the port that npm start was given; default: the last one on this machine
For a shop that npm start does not run, set ACCOUNT_DATABASE_URL.
Exit status: 0 done, 1 no such account, 2 invalid arguments, or something cannot be reached.`;

const options = {
  ...commonOptions,
  reason: { type: 'string' },
  actor: { type: 'string' },
} as const;

function show(account: Account | undefined, which: string, json: boolean): void {
  if (account === undefined) {
    throw new Refusal(`There is no account ${which}.`);
  }
  const { id, name, roles, created_at } = account;
  if (json) {
    printJson({ user_id: id, email: account.email, name, roles, created_at });
  } else {
    print(
      `${account.email}  ${name}\n  id     ${id}\n  roles  ${roles.join(', ') || 'none: buys only'}\n  since  ${created_at.toISOString()}`,
    );
  }
}

const verbs: Verbs<typeof options, Database> = {
  show([email, ...more], { json }) {
    if (email === undefined || more.length > 0) {
      throw new UsageError('Name one e-mail address.');
    }
    return async (database) => show(await findAccount(database, email), email, json);
  },
  'set-roles'([id, ...names], { json, reason, actor }) {
    if (id === undefined || id.includes('@')) {
      throw new UsageError('Name the id of an account, which GET /account/me answers, and the roles.');
    }
    const roles = names.map((name) => oneOf('role', name, ROLES));
    if (reason === undefined) {
      throw new UsageError('Say why with --reason: it is kept with the record.');
    }
    const operator = { actor: actorFrom(actor), reason: oneLine('reason', reason, 500) };
    return async (database) => {
      show(await setRoles(database, id, roles, operator), id, json);
      if (!json) {
        print('Tokens say so from now on. Those that were made before are valid for five minutes at most.');
      }
    };
  },
};

runCommand(usage, options, verbs, withAccounts);
