import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { Client } from 'pg';
import type { ServiceName } from '../../shared/services';
import type { MigrateOptions } from '../../tools/deploy/migrate';
import { until } from './until';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true });
  }
});

/** Writes migrations to a new folder: `{ '1_add_note': 'ALTER TABLE …' }`. The end of the test file deletes it. */
export function writeMigrations(scripts: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-migrations-'));
  folders.push(folder);
  for (const [name, script] of Object.entries(scripts)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'migration.sql'), script);
  }
  return folder;
}

const program = `
const [service, options] = process.argv.slice(1);
require('./dist/tools/deploy/migrate.js').migrate(service, process.env.DATABASE_URL, JSON.parse(options)).then(
  (applied) => console.log(JSON.stringify(applied)),
  (error) => { console.error(error.message); process.exitCode = 1; },
);`;

/** A run of migrations in a process of its own, which a test may kill. */
export class MigrationRun {
  /** Both streams. */
  output = '';
  status: number | null | undefined;
  private readonly child: ChildProcess;

  constructor(service: ServiceName, databaseUrl: string, options: Omit<MigrateOptions, 'say'>) {
    this.child = spawn(process.execPath, ['-e', program, service, JSON.stringify(options)], {
      env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.output += text;
      });
    }
    this.child.once('close', (status) => {
      this.status = status;
    });
  }

  kill(): Promise<void> {
    this.child.kill('SIGKILL');
    return until(() => this.status !== undefined);
  }

  /** Waits for the end. Returns the names of the migrations that were applied. */
  async applied(): Promise<string[]> {
    await this.ended();
    if (this.status !== 0) {
      throw new Error(this.output);
    }
    return JSON.parse(this.output.trim().split('\n').at(-1) ?? '');
  }

  ended(): Promise<void> {
    return until(() => this.status !== undefined);
  }

  /** Waits until the output says something this often. */
  says(text: string, times = 1): Promise<void> {
    return until(() => {
      if (this.status !== undefined && this.output.split(text).length <= times) {
        throw new Error(`The run has ended without saying "${text}": ${this.output}`);
      }
      return this.output.split(text).length > times;
    });
  }
}

/** A connection with a transaction that stays open until the test ends it. */
export async function openTransaction(databaseUrl: string, sql: string): Promise<Client & { pid: number }> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'a report' });
  // A test that fails leaves it open, and then its database is dropped.
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  await client.query(`BEGIN; ${sql}`);
  return Object.assign(client, { pid: rows[0].pid as number });
}
