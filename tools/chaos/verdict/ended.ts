import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages } from '../../../shared/rabbit/queues';
import type { Finding } from '../../audit/finding';
import { allQueues, checkEnded, checkQueues } from '../../audit/invariants/i6-ended';
import { withSnapshots } from '../../audit/snapshots';
import type { ShopDatabases } from '../../support/databases';

const LOOK_EVERY_MS = 250;

/**
 * Waits until nothing is in flight any more: no saga, no reservation, no unsent event, no message.
 * @returns what has not ended in time; empty when everything has
 */
export async function everythingEnds(
  books: ShopDatabases,
  amqpUrl: string,
  withinMs: number,
): Promise<Finding[]> {
  for (const end = Date.now() + withinMs; ; await sleep(LOOK_EVERY_MS)) {
    const unended = await withSnapshots(books, (snapshots) => checkEnded(snapshots, 0));
    // Dead letters do not end by themselves; they are another question.
    const queues = await countMessages(
      amqpUrl,
      allQueues.filter((queue) => !queue.endsWith('.dead')),
    );
    const findings = [...unended, ...checkQueues(queues, false)];
    if (findings.length === 0 || Date.now() > end) {
      return findings;
    }
  }
}
