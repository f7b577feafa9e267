import { statement } from '../../../shared/postgres/statement';
import { audit } from '../../audit/audit';
import type { Finding } from '../../audit/finding';
import { auditHistory } from '../../audit/history/audit-history';
import { databaseTruth } from '../../audit/history/truth';
import type { ShopDatabases } from '../../support/databases';
import type { RunContext } from '../context';
import type { ChaosOptions } from '../options';
import { bySecond, type Report, summariseCheckouts, summariseFaults } from '../report/report';
import type { Strike } from '../strikes';
import { accountForLetters } from './letters';
import { recoveries, type Span, spread } from './recovery';

export interface Course {
  options: ChaosOptions;
  /** When the load began, by performance.now(). */
  began: number;
  strikes: readonly Strike[];
  planned: number;
  late: readonly Finding[];
  endedAfterHealingMs: number;
}

/** Audits a shop in which nothing is in flight any more, and works out the figures of the run. */
export async function judge(
  { books, client, messages, poison, rig, counters }: RunContext,
  course: Course,
): Promise<Report> {
  const { options, began, strikes, planned, late, endedAfterHealingMs } = course;
  const { history } = client;
  await counters.stop();
  const letters = await accountForLetters(messages, poison);
  const settled = await audit(books, { amqpUrl: rig.broker.url() });
  const answers = await auditHistory(history, databaseTruth(books));
  const findings = [...late, ...letters.findings, ...settled.findings, ...answers.findings];
  const spans = await readSpans(books);
  const recovered = recoveries(strikes, spans, history);
  const known = (times: readonly (number | undefined)[]) =>
    spread(times.filter((time) => time !== undefined && Number.isFinite(time)) as number[]);
  return {
    verdict: findings.length + rig.deaths.length === 0 ? 'passed' : 'failed',
    seed: options.seed,
    startedAt: new Date(performance.timeOrigin + began).toISOString(),
    options: {
      seconds: options.seconds,
      load: options.load,
      replicas: options.replicas,
      faults: [...new Set(options.faults.map(({ kind }) => kind))],
    },
    findings,
    deaths: [...rig.deaths],
    checkouts: summariseCheckouts(history),
    sagas: spans.length,
    faults: summariseFaults(recovered, planned),
    endedAfterHealingMs,
    recoveryMs: {
      inFlightEnded: known(recovered.map((strike) => strike.endedAfterMs)),
      answeringAgain: known(recovered.filter(({ counted }) => counted).map((it) => it.answeringAfterMs)),
    },
    duplicatesAbsorbed: counters.sum('saga_duplicates_total'),
    poison: { given: letters.given, parked: letters.parked },
    audited: answers.checked,
    strikes: recovered.map((strike) => ({
      ...strike,
      ...(strike.at !== undefined && { at: strike.at - began }),
      ...(strike.endedAt !== undefined && { endedAt: strike.endedAt - began }),
    })),
    seconds: bySecond(
      history.filter(({ at }) => at >= began),
      began,
    ),
  };
}

const readSagaTimes = statement<{ opened: number; settled: number | null }>(
  'chaos_read_saga_times',
  `SELECT extract(epoch FROM opened_at)::float8 * 1000 AS opened, extract(epoch FROM settled_at)::float8 * 1000 AS settled
   FROM sagas`,
);

async function readSpans({ order }: ShopDatabases): Promise<Span[]> {
  const rows = await order.transaction((tx) => tx.run(readSagaTimes));
  return rows.map(({ opened, settled }) => ({
    begin: opened - performance.timeOrigin,
    end: settled === null ? Number.POSITIVE_INFINITY : settled - performance.timeOrigin,
  }));
}
