import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages } from '../../../shared/rabbit/queues';
import type { Finding } from '../../audit/finding';
import { allQueues, checkEnded, checkQueues } from '../../audit/invariants/i6-ended';
import { withSnapshots } from '../../audit/snapshots';
import type { ShopDatabases } from '../../support/databases';

const CHECK_EVERY_MS = 250;

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
    const queues = await countMessages(
      amqpUrl,
      allQueues.filter((queue) => !queue.endsWith('.dead')),
    );
    const findings = [...unfinished, ...checkQueues(queues, false)];
    if (findings.length === 0 || Date.now() > end) {
      return findings;
    }
  }
}
