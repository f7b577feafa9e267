import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { CheckoutName } from '../../../shared/services';
import { goals } from '../../../tools/bench/goals';
import type { Best } from '../../../tools/bench/measure/best';
import { withTable } from '../../../tools/bench/report/publish';
import type { Report } from '../../../tools/bench/report/report';
import type { Outcome } from '../../../tools/bench/scenario';
import { scenarios } from '../../../tools/bench/scenarios/index';
import { runProgram } from '../../support/run-program';
import { ShopProcesses } from '../../support/shop';

const folder = mkdtempSync(join(tmpdir(), 'chandlery-bench-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function bench(...args: string[]): Promise<{ status: number; output: string }> {
  const { status, stdout, stderr } = await runProgram('dist/tools/bench/main.js', args);
  return { status, output: stdout + stderr };
}

/** Measurements this short, in a shop this small, say nothing about speed. */
const tiny = [
  '--quick',
  '--seconds',
  '0.3',
  '--warm-up',
  '0',
  '--size',
  '2000',
  '--history-orders',
  '1000',
  '--memory-seconds',
  '0.3',
];

/** These need their own processes and databases. The others run against a shop that is up already, which is quicker. */
const local = [
  'saturation',
  'hot-item',
  'history',
  'replicas',
  'browsing',
  'cost',
  'tokens',
  'locked-rows',
  'flood',
  'guesses',
  'memory',
];
const others = scenarios.map(({ name }) => name).filter((name) => !local.includes(name));
/** Ids of all figures of the runs below. */
const measured: string[] = [];
const idsOf = ({ figures }: Report) => figures.map(({ id }) => id);

test('every scenario with its own shop reports its figures, and its books balance', async () => {
  const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')];
  const { status, output } = await bench(...tiny, '--only', local.join(), '--json', json, '--html', html);
  // The output explains the failure, so it is the error.
  if (status !== 0) {
    throw new Error(output);
  }

  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  expect(report.scenarios.map(({ scenario }) => scenario)).toEqual(local);
  expect(report.scenarios.filter(({ failed }) => failed !== undefined)).toEqual([]);
  measured.push(...idsOf(report));
  expect(idsOf(report)).toEqual(
    expect.arrayContaining([
      'saturation_over_bound',
      'hot_over_uniform',
      'cost_with_history',
      'cost_wal',
      'memory',
    ]),
  );
  for (const { name, spread } of report.figures) {
    expect([name, spread.values.every((value) => Number.isFinite(value))]).toEqual([name, true]);
    expect(spread.min).toBeLessThanOrEqual(spread.median);
  }
  const loadRuns = report.scenarios.flatMap(({ outcome }) => outcome?.loadRuns ?? []);
  for (const loadRun of loadRuns) {
    expect(loadRun.checkouts).toBeGreaterThan(0);
    expect(loadRun.latencyMs.p50).toBeGreaterThan(0);
    expect(Object.keys(loadRun.cpuSeconds)).toEqual(expect.arrayContaining(['order', 'postgres', 'load']));
    expect(Object.keys(loadRun.batchSizes)).toContain('order.settle');
  }

  const saturation = report.scenarios[0]?.outcome as Outcome;
  const { connections } = saturation.details as { connections: Best };
  const { best } = connections;
  expect([512, 1024]).toContain(best);
  expect(saturation.loadRuns.map((run) => run.connections)).toEqual([...new Set([best, 512])]);
  const [throughput, latency] = ['saturation', 'p99_saturated'].map((id) =>
    report.figures.find((figure) => figure.id === id),
  );
  expect(throughput?.name).toBe(`saturation, ${best} connections`);
  expect(throughput?.spread.values).toEqual([saturation.loadRuns[0]?.perSecond]);
  expect(latency?.spread.values).toEqual([saturation.loadRuns.at(-1)?.latencyMs.p99]);

  const page = readFileSync(html, 'utf8');
  expect(page).toContain(`Processor time at saturation, ${best} connections`);
  for (const { name } of report.figures) {
    expect(page).toContain(name.replaceAll('&', '&amp;'));
  }
  expect(page).not.toMatch(/(?:src|href)=/);
  const readme = withTable('before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter', report);
  expect(readme).toMatch(/^before\n<!-- bench:begin -->\n\| figure .*\n<!-- bench:end -->\nafter$/s);
  expect(readme).not.toContain('old');
}, 420_000);

test('measures a shop that runs elsewhere through its API alone', async () => {
  const shop = await ShopProcesses.open({ env: { all: { BATCH_INIT: 'on' } } });
  const json = join(folder, 'target.json');
  try {
    const urlFlag = (service: CheckoutName) => [`--${service}-url`, shop.one(service).url];
    const urls = [...urlFlag('order'), ...urlFlag('payment'), ...urlFlag('stock')];
    const { status, output } = await bench(
      ...tiny,
      '--size',
      '500',
      ...urls,
      '--only',
      others.join(),
      '--json',
      json,
    );
    if (status !== 0) {
      throw new Error(output);
    }
  } finally {
    await shop.close();
  }
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  measured.push(...idsOf(report));
  expect(idsOf(report)).toEqual(
    expect.arrayContaining(['p50_alone', 'p99_half', 'no_credit_over_paid', 'batch_init']),
  );
  expect(report.versions.postgres).toBe('not known');
}, 120_000);

test('the scenarios measure every figure that has a goal, and none twice', () => {
  expect(measured).toEqual(expect.arrayContaining(goals.map(({ figure }) => figure)));
  expect(new Set(measured).size).toBe(measured.length);
});

test.each([
  ['a scenario that does not exist', ['--only', 'warp'], 'no scenario called warp'],
  ['a value that is not a number', ['--seconds', 'long'], '"long" is not a number from 0.1'],
  ['an option that does not exist', ['--fast'], "Unknown option '--fast'"],
  ['a value that is not an address', ['--target', 'there'], 'must be addresses'],
  ['publishing a partial run', ['--write', '--quick'], '--write is for a complete run'],
  [
    'a target for a scenario that needs the processes',
    ['--target', 'http://127.0.0.1:1', '--only', 'memory'],
    'memory cannot',
  ],
])('refuses %s before it starts anything', async (_, args, reason) => {
  const { status, output } = await bench(...args);
  expect(status).toBe(2);
  expect(output).toContain(reason);
});
