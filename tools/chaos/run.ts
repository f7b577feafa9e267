import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeHome } from '../support/run-folder';
import { openContext, type RunContext } from './context';
import type { Fault } from './faults/fault';
import { type Injection, injectPlanned } from './injections';
import type { Client } from './load/client';
import { createDataset, type Dataset } from './load/dataset';
import { startLoad } from './load/load';
import type { ChaosOptions } from './options';
import { Random } from './random';
import type { Report } from './report/report';
import type { RestoreLoss } from './restore/loss';
import { restore } from './restore/restore';
import type { Rig } from './rig/rig';
import { plan } from './schedule';
import { waitForEnd } from './verdict/ended';
import { judge } from './verdict/judge';

/** The mean time between two faults. Most last up to a few seconds, so usually at least one is active. */
const FAULT_EVERY_MS = 850;
const SHOW_EVERY_MS = 1_000;

export interface Progress {
  say(text: string): void;
  /** Called repeatedly while the shop is under load. */
  show(state: { elapsedMs: number; client: Client; injections: readonly Injection[] }): void;
}

/**
 * One run: starts a shop, puts it under load, injects the planned faults, waits until everything has ended, and audits.
 * @returns the report and, if something is wrong, the folder with all logs, data and requests
 */
export async function run(
  options: ChaosOptions,
  progress: Progress,
): Promise<{ report: Report; kept: string | undefined }> {
  const home = await makeHome('chandlery-chaos-');
  progress.say(`Starting a shop with ${options.replicas} replicas of each service in ${home.path} …`);
  const context = await openContext(home.path, options, progress.say);
  progress.say('Creating the dataset …');
  const dataset = await createDataset(context.client, options.seconds);

  progress.say(`Running ${options.load} buyers and injecting faults for ${options.seconds} s …`);
  const injections: Injection[] = [];
  const start = performance.now();
  const showTimer = setInterval(
    () => progress.show({ elapsedMs: performance.now() - start, client: context.client, injections }),
    SHOW_EVERY_MS,
  );
  const load = startLoad(context.client, dataset, options.load, options.seed);
  const schedule = { forMs: options.seconds * 1_000, everyMs: FAULT_EVERY_MS };
  const { possible, leftOut } = sortOut(options.faults, context.rig);
  for (const text of leftOut) {
    progress.say(`Left out: ${text}`);
  }
  const planned = plan(possible, new Random(options.seed), schedule);
  await injectPlanned(planned, context, injections);
  await sleep(Math.max(0, start + schedule.forMs - performance.now()));
  await context.rig.heal();
  clearInterval(showTimer);

  progress.say('All faults have ended. Waiting for every saga to end …');
  const ending = await waitForEnd(context, load);
  progress.say('Auditing the books and the answers …');
  const report = await judge(context, {
    options,
    start,
    injections,
    planned: planned.length,
    leftOut,
    ...ending,
  });
  await restoreEach(context, options, dataset, report, progress);
  await context.stop();
  if (report.verdict === 'passed') {
    home.remove();
  } else {
    keepEvidence(home.path, context, report);
  }
  return { report, kept: report.verdict === 'passed' ? undefined : home.path };
}

/**
 * Restores the databases one after the other, and adds to the report what came of it. After a fault that the shop has not
 * survived, everything that is wrong would be reported once more for each restore, so there is none.
 */
async function restoreEach(
  context: RunContext,
  { restores, load, seed }: ChaosOptions,
  dataset: Dataset,
  report: Report,
  progress: Progress,
): Promise<void> {
  if (report.verdict === 'failed' && restores.length > 0) {
    progress.say('No database is restored, because something is wrong already.');
    return;
  }
  const losses: RestoreLoss[] = [];
  for (const service of restores) {
    progress.say(`Restoring the database of ${service} to an older point, under load …`);
    const settings = { service, dataset, buyers: load, seed: seed + losses.length + 1 };
    const { report: restored, loss } = await restore(context, settings, losses);
    losses.push(loss);
    report.restores.push(restored);
    report.findings.push(...restored.findings);
  }
  report.deaths = [...context.rig.unexpectedExits];
  report.verdict = report.findings.length + report.deaths.length === 0 ? 'passed' : 'failed';
}

/** Separates the faults that this machine can have from those that it cannot have, which are reported with the reason. */
function sortOut(faults: readonly Fault[], rig: Rig): { possible: Fault[]; leftOut: string[] } {
  return {
    possible: faults.filter((fault) => fault.leftOut?.(rig) === undefined),
    leftOut: faults.flatMap((fault) => {
      const reason = fault.leftOut?.(rig);
      return reason === undefined ? [] : [`${fault.name}: ${reason}`];
    }),
  };
}

function keepEvidence(home: string, { client }: RunContext, report: Report): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'report.json'), JSON.stringify(report, undefined, 2));
  const lines = client.history.map((exchange) => `${JSON.stringify(exchange)}\n`);
  writeFileSync(join(home, 'history.jsonl'), lines.join(''));
}
