import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { noMore, readArguments } from '../support/command-line';
import { home } from '../support/layout';
import { postgresDataDir } from '../support/postgres-data';
import { stopLeftovers } from '../support/process';
import { containerName } from '../support/rabbit';
import { containerEngine } from '../support/rabbit-programs';
import { takeLock } from '../support/run-lock';

const usage = `Usage: npm run reset
Deletes the data of local runs: databases, queues and logs. "npm start" must not be running.`;

async function main(): Promise<void> {
  readArguments(usage, {}, (_, positionals) => noMore(positionals));
  const releaseLock = takeLock(home);
  await stopLeftovers(join(home, 'running'));
  rmSync(postgresDataDir(home), { recursive: true, force: true });
  const engine = containerEngine();
  if (engine !== undefined) {
    spawnSync(engine, ['volume', 'rm', '--force', containerName(home)]);
  }
  const files = ['shop.json', 'postgres-password', 'seeding.json', 'demo-password'];
  for (const name of ['log', 'rabbitmq', 'running', 'certificates', ...files]) {
    rmSync(join(home, name), { recursive: true, force: true });
  }
  releaseLock();
  console.log('Deleted the data of local runs. The next "npm start" starts with an empty shop.');
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
