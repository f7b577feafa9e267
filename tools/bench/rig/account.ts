import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';
import { freePorts } from '../../support/free-ports';
import { isReady } from '../../support/is-ready';
import { serviceFlags } from '../../support/layout';
import { endOf, startProgram } from '../../support/process';
import { readCpu } from '../measure/cpu';
import type { Environment } from './environment';

const run = promisify(execFile);
const READY_WITHIN_MS = 60_000;

/** The service for accounts, on a database of its own. */
export interface AccountService {
  /** With /account. */
  readonly url: string;
  /** Returns the processor seconds that it has used. */
  cpuSeconds(): number;
  close(): Promise<void>;
}

export async function startAccount(environment: Environment): Promise<AccountService> {
  const database = `account_${randomBytes(4).toString('hex')}`;
  await environment.admin.query(`CREATE DATABASE "${database}"`);
  const databaseUrl = environment.url(database);
  await run(process.execPath, [join(root, 'dist/tools/deploy/migrate.js'), 'account'], {
    env: { DATABASE_URL: databaseUrl },
  });
  const [port, internal] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}/account`;
  const logFile = join(environment.home, 'log', 'account.log');
  const program = startProgram({
    name: 'account',
    command: process.execPath,
    args: [...serviceFlags, join(root, 'dist/account/src/main.js')],
    env: {
      HOST: '127.0.0.1',
      LOG_FORMAT: 'json',
      PORT: String(port),
      INTERNAL_PORT: String(internal),
      DATABASE_URL: databaseUrl,
      AUTH_ISSUER: url,
      AUTH_SECRET: randomBytes(32).toString('hex'),
      FORWARDED_HOPS: '1',
    },
    logFile,
    recordsDir: join(environment.home, 'running'),
  });
  const end = Date.now() + READY_WITHIN_MS;
  while (!(await isReady(new URL(`http://127.0.0.1:${internal}`)))) {
    if (!program.isRunning() || Date.now() > end) {
      throw new Error(`account did not become ready:\n${endOf(logFile)}`);
    }
    await sleep(50);
  }
  return {
    url,
    cpuSeconds: () => readCpu({ account: [program.child.pid ?? 0] }).account ?? 0,
    async close() {
      await program.stop();
      await environment.admin.query(`DROP DATABASE "${database}" WITH (FORCE)`);
    },
  };
}
