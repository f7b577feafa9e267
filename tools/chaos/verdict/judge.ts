import { statement } from '../../../shared/postgres/statement';
import { audit } from '../../audit/audit';
import type { Finding } from '../../audit/finding';
import { auditHistory } from '../../audit/history/audit-history';
import { databaseTruth } from '../../audit/history/truth';
import type { ShopDatabases } from '../../support/databases';
import type { RunContext } from '../context';
import type { Injection } from '../injections';
import type { ChaosOptions } from '../options';
import { bySecond, type Report, summariseCheckouts, summariseFaults } from '../report/report';
import type { JumpingClock } from '../rig/clock';
import { checkCatalog } from './catalog';
import { checkDeadLetters } from './dead-letters';
import { measureRecovery, percentiles, type Span } from './recovery';

/** What `run` recorded about a run that has ended. */
export interface RunRecord {
  options: ChaosOptions;
  /** When the load started, by performance.now(). */
  start: number;
  injections: readonly Injection[];
  /** How many faults were planned. */
  planned: number;
  /** Faults that this machine cannot have, and why. */
  leftOut: readonly string[];
  /** What had not ended in time. */
  late: readonly Finding[];
  endedAfterHealingMs: number;
}

/** Audits a shop in which nothing is in flight, and computes the figures of the run. */
export async function judge(
  { databases, client, deadLetters, poison, rig, counters }: RunContext,
  record: RunRecord,
): Promise<Report> {
  const { options, start, injections, planned, leftOut, late, endedAfterHealingMs } = record;
  const { history } = client;
  await counters.stop();
  const parked = await checkDeadLetters(deadLetters, poison);
  const state = await audit(databases, { amqpUrl: rig.broker.url() });
  const answers = await auditHistory(history, databaseTruth(databases));
  const findings = [
    ...late,
    ...notRecovered(injections),
    ...parked.findings,
    ...state.findings,
    ...answers.findings,
    ...(await checkCatalog(history, databases)),
  ];
  const spans = await readSpans(databases, rig.databases.clock);
  const measured = measureRecovery(injections, spans, history);
  const percentilesOfKnown = (times: readonly (number | undefined)[]) =>
    percentiles(times.filter((time) => time !== undefined && Number.isFinite(time)) as number[]);
  return {
    verdict: findings.length + rig.unexpectedExits.length === 0 ? 'passed' : 'failed',
    seed: options.seed,
    startedAt: new Date(performance.timeOrigin + start).toISOString(),
    options: {
      seconds: options.seconds,
      load: options.load,
      replicas: options.replicas,
      faults: [...new Set(options.faults.map(({ kind }) => kind))],
    },
    findings,
    deaths: [...rig.unexpectedExits],
    checkouts: summariseCheckouts(history),
    sagas: spans.length,
    faults: { ...summariseFaults(measured, planned), leftOut: [...leftOut] },
    endedAfterHealingMs,
    recoveryMs: {
      inFlightEnded: percentilesOfKnown(measured.map((injection) => injection.endedAfterMs)),
      answeringAgain: percentilesOfKnown(
        measured.filter(({ counted }) => counted).map((injection) => injection.answeringAfterMs),
      ),
    },
    duplicatesAbsorbed: counters.sum('saga_duplicates_total'),
    poison: { given: parked.published, parked: parked.parked },
    audited: answers.checked,
    restores: [],
    strikes: measured.map((injection) => ({
      ...injection,
      ...(injection.at !== undefined && { at: injection.at - start }),
      ...(injection.endedAt !== undefined && { endedAt: injection.endedAt - start }),
    })),
    seconds: bySecond(
      history.filter(({ at }) => at >= start),
      start,
    ),
  };
}

function notRecovered(injections: readonly Injection[]): Finding[] {
  return injections.flatMap(({ name, notRecovered: detail }): Finding[] =>
    detail === undefined ? [] : [{ invariant: 'I6', detail: `after "${name}": ${detail}` }],
  );
}

const readSagaTimes = statement<{ opened: number; settled: number | null }>(
  'chaos_read_saga_times',
  `SELECT extract(epoch FROM opened_at)::float8 * 1000 AS opened, extract(epoch FROM settled_at)::float8 * 1000 AS settled
   FROM sagas`,
);

async function readSpans({ order }: ShopDatabases, clock: JumpingClock | undefined): Promise<Span[]> {
  const rows = await order.transaction((tx) => tx.run(readSagaTimes));
  const realTime = (epochMs: number) => clock?.toRealTime(epochMs) ?? epochMs - performance.timeOrigin;
  return rows.map(({ opened, settled }) => ({
    begin: realTime(opened),
    end: settled === null ? Number.POSITIVE_INFINITY : realTime(settled),
  }));
}
