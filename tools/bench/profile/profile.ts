import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { home as localHome } from '../../support/layout';
import type { Dataset } from '../dataset';
import type { Environment } from '../rig/environment';
import type { LocalShop } from '../rig/shop';
import { type BenchSettings, SATURATED } from '../settings';
import { type HotSpot, hotSpots } from './hot-spots';
import {
  type ExpensiveStatement,
  enableStatementStatistics,
  expensiveStatements,
  resetStatementStatistics,
} from './statements';

export interface Profiles {
  /** Where the profiles are; a browser's developer tools can open them. */
  folder: string;
  /** Functions by their own time, for each service. */
  services: Record<string, HotSpot[]>;
  /** SQL statements of the three databases, by the time they took. */
  statements: ExpensiveStatement[];
}

/**
 * Does one more load run with profiling that is too expensive for a measurement: V8's sampling of each service, and
 * PostgreSQL's statistics of statements. The profiles on disk cover a process from start to end; the results here cover
 * the load run alone.
 */
export async function takeProfiles(
  dataset: Dataset,
  environment: Environment,
  options: BenchSettings,
  say: (text: string) => void,
): Promise<Profiles> {
  const shop = dataset.shop as LocalShop;
  const folder = join(localHome, 'profiles', new Date().toISOString().replaceAll(':', '-'));
  mkdirSync(folder, { recursive: true });
  await shop.stop();
  say('restarting PostgreSQL to count its statements');
  await enableStatementStatistics(environment);
  const startedAt = Date.now();
  await shop.start({ flags: (name) => ['--cpu-prof', `--cpu-prof-dir=${join(folder, name)}`] });
  await dataset.warmUp(options);
  await dataset.fillOrders();
  await resetStatementStatistics(environment);
  const from = Date.now();
  await dataset.run({ ...options, name: 'profile', connections: SATURATED });
  const window = { fromMs: from - startedAt, toMs: Date.now() - startedAt };
  await shop.stop();
  const statements = await expensiveStatements(environment);
  const services: Profiles['services'] = {};
  for (const name of readdirSync(folder)) {
    const [file] = readdirSync(join(folder, name));
    if (file) {
      services[name] = hotSpots(join(folder, name, file), window);
    }
  }
  say(`profiles are in ${folder}\n${describe(services, statements)}`);
  return { folder, services, statements };
}

function describe(services: Profiles['services'], statements: ExpensiveStatement[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`.padStart(8);
  const functions = Object.entries(services).flatMap(([name, spots]) => [
    `\n${name}: functions by their own time`,
    ...spots.map(({ share, where }) => `${percent(share)}  ${where}`),
  ]);
  return [
    ...functions,
    '\nPostgreSQL: statements by the time they took',
    ...statements.map(
      ({ share, calls, rows, walBytes, database, query }) =>
        `${percent(share)}  ${database}: ${calls} calls, ${rows} rows, ${walBytes} bytes of log: ${query}`,
    ),
  ].join('\n');
}
