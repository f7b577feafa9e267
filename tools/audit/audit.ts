import { countMessages, type QueueLength } from '../../shared/rabbit/queues';
import type { ShopDatabases } from '../support/databases';
import { type Figures, readFigures } from './figures';
import type { Finding } from './finding';
import { checkMoney } from './invariants/i1-money';
import { checkStock } from './invariants/i2-stock';
import { checkOutcomes, checkTotals } from './invariants/i3-outcomes-i5-amounts';
import { checkOneCapture } from './invariants/i4-one-capture';
import { allQueues, checkEnded, checkQueues } from './invariants/i6-ended';
import { checkPaidStays } from './invariants/i9-paid-stays';
import { checkRestocks } from './invariants/i11-restocks';
import { checkVotes } from './invariants/i12-votes';
import { type Snapshots, withSnapshots } from './snapshots';

export interface AuditOptions {
  /** The broker. Without it, the queues are not checked. */
  amqpUrl?: string | undefined;
  /**
   * Set this for a running shop: what is younger than this, in milliseconds, may be in flight. Without it, nothing may
   * be in flight.
   */
  inFlightMs?: number | undefined;
  /** How long reading the databases may take, in milliseconds. */
  withinMs?: number | undefined;
  /** Sagas that a restored database has forgotten or knows in an earlier state. I3, I5 and I11 do not judge them. */
  lost?: ReadonlySet<string> | undefined;
}

export interface Report {
  /** ISO 8601. */
  at: string;
  tookMs: number;
  mode: 'settled' | 'live';
  /** The violations. Empty when every invariant holds. */
  findings: Finding[];
  figures: Figures;
  queues: QueueLength[];
}

/**
 * Checks I1 to I6, I9, I11 and I12 against the databases and the broker. I7, I8 and I10 are about answers, which only the
 * clients know: see `history/`.
 * @throws when a database or the broker cannot be read, or takes too long
 */
export async function audit(
  databases: ShopDatabases,
  { amqpUrl, inFlightMs, withinMs, lost }: AuditOptions = {},
): Promise<Report> {
  const started = Date.now();
  const live = inFlightMs !== undefined;
  const queues = amqpUrl === undefined ? [] : await readQueues(amqpUrl);
  const read = async (snapshots: Snapshots) => {
    const checks = await Promise.all([
      checkMoney(snapshots.payment),
      checkStock(snapshots.stock),
      checkOutcomes(snapshots, inFlightMs ?? null, lost),
      checkTotals(snapshots),
      checkOneCapture(snapshots),
      checkEnded(snapshots, inFlightMs ?? null),
      checkPaidStays(snapshots.order),
      checkRestocks(snapshots, inFlightMs ?? null, lost),
      checkVotes(snapshots.catalog),
    ]);
    return { findings: checks.flat(), figures: await readFigures(snapshots) };
  };
  const { findings, figures } = await withSnapshots(databases, read, withinMs);
  return {
    at: new Date(started).toISOString(),
    tookMs: Date.now() - started,
    mode: live ? 'live' : 'settled',
    findings: [...findings, ...checkQueues(queues, live)],
    figures,
    queues,
  };
}

function readQueues(amqpUrl: string): Promise<QueueLength[]> {
  return countMessages(amqpUrl, allQueues).catch((cause) => {
    const hint = 'Check that RabbitMQ runs and that AMQP_URL is its address.';
    throw new Error(`The queues cannot be read. ${hint}`, { cause });
  });
}
