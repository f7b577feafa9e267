import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages } from '../../../shared/rabbit/queues';
import type { Finding } from '../../audit/finding';
import { allQueues, checkEnded, checkQueues } from '../../audit/invariants/i6-ended';
import { withSnapshots } from '../../audit/snapshots';
import type { ShopDatabases } from '../../support/databases';
import type { RunContext } from '../context';
import type { Load } from '../load/load';

const CHECK_EVERY_MS = 250;
/** Everything must have ended this soon after the last fault has ended. */
const END_WITHIN_MS = 30_000;

/**
 * Waits until nothing is in flight: no saga, no reservation, no unsent event, no message.
 * @returns what had not ended within `withinMs`; empty when everything had
 */
export async function waitUntilEnded(
  databases: ShopDatabases,
  amqpUrl: string,
  withinMs: number,
): Promise<Finding[]> {
  for (const end = Date.now() + withinMs; ; await sleep(CHECK_EVERY_MS)) {
    const unfinished = await withSnapshots(databases, (snapshots) => checkEnded(snapshots, null));
    // Dead letters are left out: they stay until an operator deals with them.
    const queues = allQueues.filter((queue) => !queue.endsWith('.dead'));
    const messages = await countMessages(amqpUrl, queues).then(
      (counted) => checkQueues(counted, false),
      (error: Error) => [{ invariant: 'I6', detail: `the queues cannot be read: ${error.message}` } as const],
    );
    const findings = [...unfinished, ...messages];
    if (findings.length === 0 || Date.now() > end) {
      return findings;
    }
  }
}

/**
 * Starts no more visits, and waits until every buyer has a final answer and nothing is in flight.
 * @returns what had not ended in time, and how long the end took
 */
export async function waitForEnd(
  { databases, rig }: RunContext,
  load: Load,
): Promise<{ late: Finding[]; endedAfterHealingMs: number }> {
  const healedAt = performance.now();
  const remainingMs = () => Math.max(0, healedAt + END_WITHIN_MS - performance.now());
  const late: Finding[] = [];
  const timeout = new AbortController();
  const timedOut = sleep(END_WITHIN_MS, true, { signal: timeout.signal }).catch(() => false);
  if (await Promise.race([timedOut, load.finish()])) {
    late.push({ invariant: 'I6', detail: `${load.activeBuyers()} buyers still have no final answer` });
    load.giveUp();
  }
  timeout.abort();
  late.push(...(await waitUntilEnded(databases, rig.broker.url(), remainingMs())));
  return { late, endedAfterHealingMs: performance.now() - healedAt };
}
