import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH_CONTENT_TYPE } from '../../shared/contract/cloudevents';
import type { Session, UnackedMessage } from '../../shared/rabbit/session';
import { type Action, actionsOnDeadLetter, type Operator, recordAction } from './actions';
import { ownerOf, type ShopConnections } from './connections';
import { type DeadLetter, type Headers, readBody } from './dead-letter';
import { type Selection, type Visit, visitDeadLetters } from './visit';

/**
 * Dead letters, and their way back. This file promises: reading changes nothing. A dead letter leaves its queue only
 * once it is recorded who did what with it. A redriven one is confirmed in its old queue before it leaves this one. A
 * command that ends between the two leaves the message in both queues, and the steps absorb the duplicate.
 */

export interface Listing extends Visit {
  letters: DeadLetter[];
}

/** Returns the dead letters of each queue, oldest first. */
export async function listDeadLetters({ amqpUrl }: ShopConnections, selection: Selection): Promise<Listing> {
  const letters: DeadLetter[] = [];
  const visit = await visitDeadLetters(amqpUrl, selection, async (deadLetter) => {
    letters.push(deadLetter);
    return false;
  });
  const position = ({ queue, parked_at = '' }: DeadLetter) =>
    `${selection.queues.indexOf(queue)} ${parked_at}`;
  letters.sort((a, b) => (position(a) < position(b) ? -1 : 1));
  return { ...visit, letters };
}

export interface ShownDeadLetter extends DeadLetter {
  headers: Headers;
  body: string;
  encoding: 'utf8' | 'base64';
  /** What was done before to dead letters with this content, latest first. */
  history: Action[];
}

/** Returns a dead letter with everything that is known about it; undefined when there is none with this id. */
export async function showDeadLetter(
  shop: ShopConnections,
  id: string,
  queues: readonly string[],
): Promise<ShownDeadLetter | undefined> {
  let shown: ShownDeadLetter | undefined;
  const selection = { ids: [id], queues, limit: 1 };
  await visitDeadLetters(shop.amqpUrl, selection, async (deadLetter, { headers, body }) => {
    const history = await actionsOnDeadLetter(shop.databases[ownerOf(deadLetter.queue)], deadLetter);
    shown = { ...deadLetter, headers, ...readBody(body), history };
    return false;
  });
  return shown;
}

/** What was redriven or discarded. */
export interface Result extends Visit {
  letters: DeadLetter[];
}

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
  return act(shop, selection, options.dryRun, 'redriven', async (deadLetter, message, session) => {
    await waitForTurn();
    await redrive(shop, deadLetter, message, session, options);
  });
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

export interface DiscardOptions extends Operator {
  dryRun: boolean;
  reason: string;
}

/** How much of the body of a discarded dead letter is kept, in bytes. */
const MAX_KEPT = 65_536;

/** Deletes dead letters. Their contents are kept with the record of who discarded them, and why. */
export function discardDeadLetters(
  shop: ShopConnections,
  selection: Selection,
  options: DiscardOptions,
): Promise<Result> {
  return act(shop, selection, options.dryRun, 'discarded', async (deadLetter, { headers, body }) => {
    const database = shop.databases[ownerOf(deadLetter.queue)];
    await recordAction(database, 'discard', deadLetter, options, {
      headers,
      ...readBody(body.subarray(0, MAX_KEPT)),
    });
  });
}

async function act(
  { amqpUrl }: ShopConnections,
  selection: Selection,
  dryRun: boolean,
  done: string,
  work: (deadLetter: DeadLetter, message: UnackedMessage, session: Session) => Promise<void>,
): Promise<Result> {
  const letters: DeadLetter[] = [];
  const visit = await visitDeadLetters(amqpUrl, selection, async (deadLetter, message, session) => {
    try {
      if (!dryRun) {
        await work(deadLetter, message, session);
      }
    } catch (cause) {
      const { id, queue } = deadLetter;
      const failed = `Dead letter ${id} of ${queue} could not be ${done} (${letters.length} ${done} before it).`;
      throw new Error(`${failed} All others are still in their dead-letter queues.`, { cause });
    }
    letters.push(deadLetter);
    return !dryRun;
  });
  return { ...visit, letters };
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
