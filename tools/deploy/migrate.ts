// Applies <service>/prisma/migrations to a database and records them in _prisma_migrations. `prisma migrate deploy`
// does the same, so either can continue where the other stopped.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiffTarget, MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import { Client } from 'pg';
import { z } from 'zod';
import { root } from '../../shared/root';
import { databaseAddress, readConfig } from '../../shared/service/config';
import { isServiceName, type ServiceName, serviceNames } from '../../shared/services';
import { noMore, readArguments, UsageError } from '../support/command-line';
import { grantStatements, type RoleKind } from './grants';
import { withSchemaEngine } from './schema-engine';

/** Any number except 72707369, which is the engine's own lock: a second replica would wait for that one only 10 s. */
const MIGRATION_LOCK = 8_001_002_003;
const MIGRATION_TIMEOUT_MS = 10 * 60_000;
const filters = { externalTables: [], externalEnums: [] };

/** The names of existing roles that are given the rights that a service, the auditor or operators need. */
export type Roles = Readonly<Partial<Record<RoleKind, string | undefined>>>;

/**
 * Brings a database up to date and returns the names of the migrations that were missing. Several processes may do this
 * at once.
 */
export function migrate(service: ServiceName, databaseUrl: string, roles: Roles = {}): Promise<string[]> {
  return withEngine(service, databaseUrl, async (engine, client) => {
    const done = await engine.applyMigrations({ migrationsList: migrationsOf(service), filters });
    for (const [kind, role] of Object.entries(roles) as [RoleKind, string | undefined][]) {
      if (role !== undefined) {
        await grant(client, service, kind, role);
      }
    }
    return done.appliedMigrationNames;
  });
}

/** Grants in one transaction, so that a running service is never without its rights. */
async function grant(client: Client, service: ServiceName, kind: RoleKind, role: string): Promise<void> {
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
  await client.query(['BEGIN', ...grantStatements(service, kind, role), 'COMMIT'].join('; '));
}

/** Returns the tables of a schema.prisma as SQL: what its migrations must add up to, and the basis of the next one. */
export function describe(service: string, databaseUrl: string): Promise<string> {
  return withEngine(service, databaseUrl, async (engine) => {
    const to: DiffTarget = {
      tag: 'schemaDatamodel',
      files: [{ path: 'schema.prisma', content: schemaOf(service) }],
    };
    const result = await engine.diff({ from: { tag: 'empty' }, to, script: true, exitCode: null, filters });
    return result.stdout ?? '';
  });
}

async function withEngine<T>(
  service: string,
  databaseUrl: string,
  work: (engine: SchemaEngine, client: Client) => Promise<T>,
): Promise<T> {
  const timeouts = { connectionTimeoutMillis: 10_000, lock_timeout: MIGRATION_TIMEOUT_MS };
  const lock = new Client({ connectionString: databaseUrl, ...timeouts });
  await lock.connect().catch((error: Error) => {
    const { hostname, port } = new URL(databaseUrl);
    throw new Error(
      `The database at ${hostname}:${port || 5432} cannot be reached or refuses the login: ${error.message}`,
      { cause: error },
    );
  });
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await withSchemaEngine(databaseUrl, schemaOf(service), (engine) => work(engine, lock));
  } finally {
    // Closing the connection releases the lock.
    await lock.end();
  }
}

function schemaOf(service: string): string {
  return readFileSync(join(root, service, 'prisma/schema.prisma'), 'utf8');
}

function migrationsOf(service: string): MigrationList {
  const baseDir = join(root, service, 'prisma/migrations');
  const read = (path: string) => readFileSync(join(baseDir, path), 'utf8');
  const names = readdirSync(baseDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: read('migration_lock.toml') },
    shadowDbInitScript: '',
    migrationDirectories: names
      .map(({ name }) => name)
      .sort()
      .map((name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok', value: read(`${name}/migration.sql`) },
        },
      })),
  };
}

const usage = `Usage: npm run migrate -- ${serviceNames.join('|')} [--describe]
Applies the migrations of a service to its database.
DATABASE_URL is the database's address, for example postgresql://order:secret@127.0.0.1:5432/order.
RUNTIME_ROLE, AUDITOR_ROLE and OPERATOR_ROLE, if set, name existing roles. They are given exactly the rights that the
service, the auditor and operators need.
With --describe, prints the tables that schema.prisma describes as SQL, and changes nothing.`;

const role = z.string().min(1).max(63).optional();
const settings = z.object({
  DATABASE_URL: databaseAddress,
  RUNTIME_ROLE: role,
  AUDITOR_ROLE: role,
  OPERATOR_ROLE: role,
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
    runtime: config.RUNTIME_ROLE,
    auditor: config.AUDITOR_ROLE,
    operator: config.OPERATOR_ROLE,
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
