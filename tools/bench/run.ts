import { rmSync } from 'node:fs';
import { home as localHome } from '../support/layout';
import { makeHome } from '../support/run-folder';
import { Dataset } from './dataset';
import { Load } from './load/load';
import type { BenchOptions } from './options';
import { startEnvironment } from './rig/environment';
import { LocalShop, type MeasuredShop } from './rig/shop';
import { TargetShop } from './rig/target';
import type { Outcome, Scenario, ScenarioContext } from './scenario';

/** The result of a scenario: its outcome, or why there is none. */
export interface Measured {
  scenario: string;
  startedAt: string;
  tookSeconds: number;
  outcome?: Outcome;
  failed?: string;
}

/** Measures one scenario after the other. If one fails, it has no result and the others still run. */
export async function run(
  options: BenchOptions,
  say: (text: string) => void,
): Promise<{ measured: Measured[]; environment: { rabbit: string; postgres: string } | undefined }> {
  // Not in the system's folder for temporary files: it may be in memory, where making commits durable costs nothing.
  const home = await makeHome('bench-', localHome);
  const environment = options.target ? undefined : await startEnvironment(home.path, say);
  const load = Load.start();
  const known: ScenarioContext['known'] = {};
  const measured: Measured[] = [];
  try {
    for (const scenario of options.only) {
      measured.push(await measure(scenario, { options, load, environment, known, say }));
    }
    const version =
      environment && (await environment.admin.query<{ v: string }>('SELECT version() AS v')).rows[0]?.v;
    return { measured, environment: environment && { rabbit: environment.rabbit, postgres: version ?? '' } };
  } finally {
    await load.stop();
    await environment?.stop();
    rmSync(home.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

type Target = NonNullable<BenchOptions['target']>;

async function measure(scenario: Scenario, context: Omit<ScenarioContext, 'openDataset'>): Promise<Measured> {
  const { options, load, environment, say } = context;
  const opened: MeasuredShop[] = [];
  const openDataset: ScenarioContext['openDataset'] = async ({
    orders = options.size,
    buyers,
    fill = true,
  } = {}) => {
    const shop = environment
      ? await LocalShop.open(environment)
      : new TargetShop(options.target as Target, options.size);
    opened.push(shop);
    const dataset = new Dataset(shop, load, options.size, orders, buyers);
    if (fill) {
      await dataset.fill();
      await dataset.warmUp(options);
    }
    return dataset;
  };
  const began = Date.now();
  const start = { scenario: scenario.name, startedAt: new Date(began).toISOString() };
  const elapsed = () => (Date.now() - began) / 1_000;
  const sayHere = (text: string) => say(`${scenario.name}: ${text}`);
  sayHere(scenario.description);
  try {
    const outcome = await scenario.run({ ...context, say: sayHere, openDataset });
    return { ...start, tookSeconds: elapsed(), outcome };
  } catch (error) {
    const failed = (error as Error).message;
    sayHere(`no result: ${failed}`);
    for (const shop of opened) {
      await shop.close().catch(() => {});
    }
    return { ...start, tookSeconds: elapsed(), failed };
  }
}
