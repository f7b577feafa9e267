// Applies <service>/prisma/migrations to a database and records them in _prisma_migrations. `prisma migrate deploy`
// does the same, so either can continue where the other stopped.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiffTarget } from '@prisma/schema-engine-wasm';
import { z } from 'zod';
import { root } from '../../shared/root';
import { count, databaseAddress, readConfig } from '../../shared/service/config';
import { isServiceName, type ServiceName, serviceNames } from '../../shared/services';
import { noMore, readArguments, UsageError } from '../support/command-line';
import { applyMigrations } from './apply-migrations';
import { grantStatements, type RoleKind } from './grants';
import { withSession } from './migration-session';
import { readMigrations } from './migrations';
import { inTurns, type Session } from './patience';
import { withSchemaEngine } from './schema-engine';

const WAIT_MS = 10 * 60_000;

/** The names of existing roles that are given the rights that a service, the auditor or operators need. */
export type Roles = Readonly<Partial<Record<RoleKind, string | undefined>>>;

export interface MigrateOptions {
  readonly roles?: Roles;
  /** How long to wait for the database, for another run, and for the locks of each migration, in milliseconds. */
  readonly waitMs?: number;
  /** Is told what the run waits for. */
  readonly say?: (text: string) => void;
  /** The folder of the migrations; by default the service's own. */
  readonly folder?: string;
}

/**
 * Brings a database up to date and returns the names of the migrations that were missing. Several processes may do this
 * at once, and each may be killed at any moment.
 */
export function migrate(
  service: ServiceName,
  databaseUrl: string,
  { roles = {}, waitMs = WAIT_MS, say = console.error, folder }: MigrateOptions = {},
): Promise<string[]> {
  const migrations = readMigrations(folder ?? join(root, service, 'prisma/migrations'));
  const options = { name: `migrate ${service}`, waitMs, say: (text: string) => say(`${service}: ${text}`) };
  return withSession(databaseUrl, options, async (session) => {
    const applied = await applyMigrations(session, migrations);
    for (const [kind, role] of Object.entries(roles) as [RoleKind, string | undefined][]) {
      if (role !== undefined) {
        await grant(session, service, kind, role);
      }
    }
    return applied;
  });
}

/** Grants in one transaction, so that a running service is never without its rights. */
async function grant(session: Session, service: ServiceName, kind: RoleKind, role: string): Promise<void> {
  const { client } = session;
  const name = `${kind.toUpperCase()}_ROLE`;
  const sql = 'SELECT rolname = current_user AS self FROM pg_roles WHERE rolname = $1';
  const [found] = (await client.query<{ self: boolean }>(sql, [role])).rows;
  if (!found) {
    throw new Error(`There is no role "${role}" to grant rights to. Create it, or correct ${name}.`);
  }
  if (found.self) {
    throw new Error(
      `${name} is "${role}", which owns the tables and would lose its rights. Name another role.`,
    );
  }
  await inTurns(session, `Granting rights to ${role}`, async () => {
    await client.query(grantStatements(service, kind, role).join('; '));
  });
}

/** Returns the tables of a schema.prisma as SQL: what its migrations must add up to, and the basis of the next one. */
export function describe(service: string, databaseUrl: string): Promise<string> {
  const schema = readFileSync(join(root, service, 'prisma/schema.prisma'), 'utf8');
  return withSchemaEngine(databaseUrl, schema, async (engine) => {
    const to: DiffTarget = { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] };
    const filters = { externalTables: [], externalEnums: [] };
    const result = await engine.diff({ from: { tag: 'empty' }, to, script: true, exitCode: null, filters });
    return result.stdout ?? '';
  });
}

const usage = `Usage: npm run migrate -- ${serviceNames.join('|')} [--describe]
Applies the migrations of a service to its database.
DATABASE_URL is the database's address, for example postgresql://order:secret@127.0.0.1:5432/order.
RUNTIME_ROLE, AUDITOR_ROLE and OPERATOR_ROLE, if set, name existing roles. They are given exactly the rights that the
service, the auditor and operators need.
WAIT_MS (default 600000) is how long it waits for the database, for another run, and for the locks of each migration.
Requests pass meanwhile, and it says what it waits for and who is in the way.
With --describe, prints the tables that schema.prisma describes as SQL, and changes nothing.`;

const role = z.string().min(1).max(63).optional();
const settings = z.object({
  DATABASE_URL: databaseAddress,
  RUNTIME_ROLE: role,
  AUDITOR_ROLE: role,
  OPERATOR_ROLE: role,
  WAIT_MS: count(WAIT_MS),
});

async function main(): Promise<void> {
  const options = { describe: { type: 'boolean', default: false } } as const;
  const { service, onlyDescribe } = readArguments(usage, options, (values, [service = '', ...more]) => {
    if (!isServiceName(service)) {
      throw new UsageError(`Name the service: ${serviceNames.join(', ')}.`);
    }
    noMore(more);
    return { service, onlyDescribe: values.describe };
  });
  const config = readConfig(settings);
  if (onlyDescribe) {
    return console.log(await describe(service, config.DATABASE_URL));
  }
  const applied = await migrate(service, config.DATABASE_URL, {
    roles: {
      runtime: config.RUNTIME_ROLE,
      auditor: config.AUDITOR_ROLE,
      operator: config.OPERATOR_ROLE,
    },
    waitMs: config.WAIT_MS,
  });
  console.log(applied.length === 0 ? `${service}: up to date` : `${service}: applied ${applied.join(', ')}`);
}

if (require.main === module) {
  main().then(
    // The engine leaves a timer running for ten seconds.
    () => process.exit(),
    (error: Error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
}
