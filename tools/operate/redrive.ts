import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH_CONTENT_TYPE } from '../../shared/contract/cloudevents';
import type { Session, UnackedMessage } from '../../shared/rabbit/session';
import { ownerOf, type ShopConnections } from './connections';
import type { DeadLetter } from './dead-letter';
import { type Operator, recordAction } from './operator-actions';
import { type Result, takeDeadLetters } from './take-dead-letters';
import type { Selection } from './visit-dead-letters';

/**
 * The way back of a dead letter. The promise: it leaves its queue only once it is recorded who redrove it, and once the
 * broker has confirmed it in its old queue. A command that ends between the two leaves the message in both queues, and
 * the steps absorb the duplicate.
 */
export interface RedriveOptions extends Operator {
  dryRun: boolean;
  /** Dead letters a second. */
  rate: number;
}

/**
 * Sends dead letters back to the queue whose step could not handle them.
 * @throws Error saying how many were sent before, when the broker or a database fails on the way
 */
export function redriveDeadLetters(
  shop: ShopConnections,
  selection: Selection,
  options: RedriveOptions,
): Promise<Result> {
  const waitForTurn = pace(options.rate);
  return takeDeadLetters(
    shop,
    selection,
    options.dryRun,
    'redriven',
    async (deadLetter, message, session) => {
      await waitForTurn();
      await redrive(shop, deadLetter, message, session, options);
    },
  );
}

async function redrive(
  { databases }: ShopConnections,
  deadLetter: DeadLetter,
  { body }: UnackedMessage,
  session: Session,
  operator: Operator,
): Promise<void> {
  const database = databases[ownerOf(deadLetter.queue)];
  const times = await recordAction(database, 'redrive', deadLetter, operator);
  try {
    await session.publish({
      // Directly to the queue, not through the exchange: only this queue has not handled it.
      exchange: '',
      routingKey: deadLetter.queue,
      body,
      contentType: BATCH_CONTENT_TYPE,
      headers: {
        'x-redriven': times,
        'x-redriven-at': new Date().toISOString(),
        'x-redriven-by': operator.actor,
        'x-redriven-letter': deadLetter.id,
      },
    });
  } catch (error) {
    const failure = (error as Error).message;
    await recordAction(database, 'redrive_failed', deadLetter, operator, { failure });
    throw error;
  }
}

/** Returns a function that resolves at once the first time, and then no more often than the rate allows. */
function pace(perSecond: number): () => Promise<void> {
  let next = 0;
  return async () => {
    const now = Date.now();
    const wait = Math.max(0, next - now);
    next = now + wait + 1_000 / perSecond;
    if (wait > 0) {
      await sleep(wait);
    }
  };
}
