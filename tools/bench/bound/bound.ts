import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { credentialsOf } from '../../../shared/credentials';
import { root } from '../../../shared/root';
import { checkoutNames } from '../../../shared/services';
import { PLENTY, PRICE } from '../dataset';
import type { Environment } from '../rig/environment';
import { findPgbench } from './pgbench-program';
import { script } from './script';

const run = promisify(execFile);
const database = 'bound';

/** Runs pgbench on a scratch database beside the services' own. */
export class Bound {
  private rounds = 0;

  private constructor(
    private readonly environment: Environment,
    private readonly size: number,
    private readonly pgbench: Awaited<ReturnType<typeof findPgbench>>,
    private readonly scriptFile: string,
  ) {}

  static async open(environment: Environment, size: number, say: (text: string) => void): Promise<Bound> {
    const pgbench = await findPgbench(say);
    const scriptFile = join(environment.home, 'bound.sql');
    mkdirSync(environment.home, { recursive: true });
    writeFileSync(scriptFile, script);
    await environment.admin.query(`CREATE DATABASE ${database}`);
    await fill(environment.url(database), size);
    return new Bound(environment, size, pgbench, scriptFile);
  }

  /**
   * Returns checkouts per second with this many clients; 0 when the machine was too busy to finish even one in time.
   */
  async measure(clients: number, seconds: number): Promise<number> {
    const url = this.environment.url(database);
    const { hostname, port } = new URL(url);
    const { username, password } = credentialsOf(url);
    const variables = { size: this.size, run: ++this.rounds, n: 0 };
    const args = [
      ...['-h', hostname, '-p', port, '-U', username, '--no-vacuum', '-M', 'prepared'],
      ...['-c', String(clients), '-j', String(Math.min(clients, availableParallelism()))],
      ...['-T', String(Math.max(1, Math.round(seconds))), '-f', this.scriptFile],
      ...Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
      database,
    ];
    const env = { ...this.pgbench.env, LC_ALL: 'C', PGPASSWORD: password };
    const { stdout, stderr } = await run(this.pgbench.command, args, { env, maxBuffer: 16 * 1024 * 1024 });
    if (/actually processed: 0$/m.test(stdout)) {
      return 0;
    }
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
    if (perSecond > 0 && !/aborted/.test(stderr)) {
      return perSecond;
    }
    throw new Error(`pgbench failed:\n${stdout}${stderr}`);
  }

  async close(): Promise<void> {
    await this.environment.admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}

/**
 * Runs the services' own migrations, each in its own schema, so that the tables have the same indexes, constraints and
 * fill factors. Then adds users and items.
 */
async function fill(url: string, size: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const service of checkoutNames) {
      await client.query(`CREATE SCHEMA bound_${service}`);
      await client.query(`SET search_path = bound_${service}`);
      const folder = join(root, service, 'prisma/migrations');
      const migrations = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      for (const name of migrations.map((entry) => entry.name).sort()) {
        await client.query(readFileSync(join(folder, name, 'migration.sql'), 'utf8'));
      }
    }
    const numbers = `generate_series(0, ${size - 1}) AS n`;
    await client.query(
      `INSERT INTO bound_stock.items (id, price, available) SELECT n::text, ${PRICE}, ${PLENTY} FROM ${numbers}`,
    );
    await client.query(
      `INSERT INTO bound_payment.users (id, credit) SELECT n::text, ${PLENTY} FROM ${numbers}`,
    );
    await client.query('VACUUM (ANALYZE)');
  } finally {
    await client.end();
  }
}
