import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../audit/finding';
import { makeHome } from '../support/run-home';
import { openContext, type RunContext } from './context';
import type { Client } from './load/client';
import { openMarket } from './load/dataset';
import { type Load, startLoad } from './load/load';
import type { ChaosOptions } from './options';
import { Random } from './random';
import type { Report } from './report/report';
import { plan } from './schedule';
import { carryOut, type Strike } from './strikes';
import { everythingEnds } from './verdict/ended';
import { judge } from './verdict/judge';

/** The mean time between two strikes. Most last for less than a few seconds, so that some are always under way. */
const STRIKE_EVERY_MS = 850;
/** How soon after the last fault has been mended everything must have ended. */
const END_WITHIN_MS = 30_000;
const SHOW_EVERY_MS = 1_000;

export interface Progress {
  say(text: string): void;
  /** Called again and again while the shop is under load. */
  show(state: { elapsedMs: number; client: Client; strikes: readonly Strike[] }): void;
}

/**
 * One run: a shop is started, put under load, broken in every way, mended, and judged.
 * @returns the report, and the folder with all logs, data and requests if something is wrong
 */
export async function run(
  options: ChaosOptions,
  progress: Progress,
): Promise<{ report: Report; kept: string | undefined }> {
  const home = await makeHome('chandlery-chaos-');
  progress.say(`Starting a shop with ${options.replicas} replicas of each service in ${home.path} …`);
  const context = await openContext(home.path, options.replicas, progress.say);
  progress.say('Opening the dataset …');
  const dataset = await openMarket(context.client, options.seconds);

  progress.say(`${options.load} buyers come in, and faults strike for ${options.seconds} s.`);
  const strikes: Strike[] = [];
  const began = performance.now();
  const showing = setInterval(
    () => progress.show({ elapsedMs: performance.now() - began, client: context.client, strikes }),
    SHOW_EVERY_MS,
  );
  const load = startLoad(context.client, dataset, options.load, options.seed);
  const schedule = { forMs: options.seconds * 1_000, everyMs: STRIKE_EVERY_MS };
  const planned = plan(options.faults, new Random(options.seed), schedule);
  await carryOut(planned, context, strikes);
  await sleep(Math.max(0, began + schedule.forMs - performance.now()));
  await context.rig.heal();
  clearInterval(showing);

  progress.say('Everything is mended. Waiting for every saga to end …');
  const ending = await waitForTheEnd(context, load);
  progress.say('Auditing the books and the answers …');
  const report = await judge(context, { options, began, strikes, planned: planned.length, ...ending });
  await context.stop();
  if (report.verdict === 'passed') {
    home.remove();
  } else {
    keepEvidence(home.path, context, report);
  }
  return { report, kept: report.verdict === 'passed' ? undefined : home.path };
}

/** No visit begins any more; every buyer must get an answer, and everything that is on its way must arrive. */
async function waitForTheEnd(
  { books, rig }: RunContext,
  load: Load,
): Promise<{ late: Finding[]; endedAfterHealingMs: number }> {
  const healed = performance.now();
  const left = () => Math.max(0, healed + END_WITHIN_MS - performance.now());
  const late: Finding[] = [];
  const patience = new AbortController();
  const tooLong = sleep(END_WITHIN_MS, true, { signal: patience.signal }).catch(() => false);
  if (await Promise.race([tooLong, load.finish()])) {
    late.push({ invariant: 'I6', detail: `${load.inside()} buyers still have no final answer` });
    load.giveUp();
  }
  patience.abort();
  late.push(...(await everythingEnds(books, rig.broker.url(), left())));
  return { late, endedAfterHealingMs: performance.now() - healed };
}

function keepEvidence(home: string, { client }: RunContext, report: Report): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'report.json'), JSON.stringify(report, undefined, 2));
  const lines = client.history.map((exchange) => `${JSON.stringify(exchange)}\n`);
  writeFileSync(join(home, 'history.jsonl'), lines.join(''));
}
