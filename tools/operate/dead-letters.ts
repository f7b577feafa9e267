import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH_CONTENT_TYPE } from '../../shared/contract/cloudevents';
import type { UnackedMessage, Session } from '../../shared/rabbit/session';
import { type Action, actionsOnLetter, noteLetter, type Operator } from './actions';
import { ownerOf, type ShopConnections } from './connections';
import { type DeadLetter, type Headers, readBody } from './dead-letter';
import { type Selection, type Visit, visitDeadLetters } from './visit';

/**
 * Dead letters, and their way back. The promises of this file: looking changes nothing; a letter leaves its queue only
 * when it is noted who did what with it; and one that is redriven is in its old queue, confirmed, before it leaves this
 * one. Ended between the two, a command leaves the message in both, and the steps absorb the second.
 */

export interface Listing extends Visit {
  letters: DeadLetter[];
}

/** The letters of each queue, the oldest first. */
export async function listDeadLetters({ amqpUrl }: ShopConnections, selection: Selection): Promise<Listing> {
  const letters: DeadLetter[] = [];
  const walk = await visitDeadLetters(amqpUrl, selection, async (letter) => {
    letters.push(letter);
    return false;
  });
  const age = ({ queue, parked_at = '' }: DeadLetter) => `${selection.queues.indexOf(queue)} ${parked_at}`;
  letters.sort((one, other) => (age(one) < age(other) ? -1 : 1));
  return { ...walk, letters };
}

export interface Shown extends DeadLetter {
  headers: Headers;
  body: string;
  encoding: 'utf8' | 'base64';
  /** What was done to letters with this content before, the latest first. */
  history: Action[];
}

/** A letter with everything that is known of it; undefined when there is no such letter. */
export async function showLetter(
  shop: ShopConnections,
  id: string,
  queues: readonly string[],
): Promise<Shown | undefined> {
  let shown: Shown | undefined;
  await visitDeadLetters(shop.amqpUrl, { ids: [id], queues, limit: 1 }, async (letter, { headers, body }) => {
    const history = await actionsOnLetter(shop.databases[ownerOf(letter.queue)], letter);
    shown = { ...letter, headers, ...readBody(body), history };
    return false;
  });
  return shown;
}

export interface Done extends Visit {
  letters: DeadLetter[];
}

export interface RedriveOptions extends Operator {
  dryRun: boolean;
  /** Letters a second. */
  rate: number;
}

/**
 * Sends letters back to the queue that they could not be handled in.
 * @throws Error saying how far it came, when the broker or a database fails on the way
 */
export function redriveLetters(
  shop: ShopConnections,
  selection: Selection,
  options: RedriveOptions,
): Promise<Done> {
  const turn = pace(options.rate);
  return act(shop, selection, options.dryRun, 'redriven', async (letter, message, session) => {
    await turn();
    await redrive(shop, letter, message, session, options);
  });
}

async function redrive(
  { databases }: ShopConnections,
  letter: DeadLetter,
  { body }: UnackedMessage,
  session: Session,
  operator: Operator,
): Promise<void> {
  const database = databases[ownerOf(letter.queue)];
  const times = await noteLetter(database, 'redrive', letter, operator);
  try {
    await session.publish({
      // Past the exchange, because only this one queue has not handled it.
      exchange: '',
      routingKey: letter.queue,
      body,
      contentType: BATCH_CONTENT_TYPE,
      headers: {
        'x-redriven': times,
        'x-redriven-at': new Date().toISOString(),
        'x-redriven-by': operator.actor,
        'x-redriven-letter': letter.id,
      },
    });
  } catch (error) {
    await noteLetter(database, 'redrive_failed', letter, operator, { failure: (error as Error).message });
    throw error;
  }
}

export interface DiscardOptions extends Operator {
  dryRun: boolean;
  reason: string;
}

/** The longest body that is kept of a discarded letter, in bytes. */
const MAX_KEPT = 65_536;

/** Takes letters away for good. What they said is kept with the note of who discarded them, and why. */
export function discardLetters(
  shop: ShopConnections,
  selection: Selection,
  options: DiscardOptions,
): Promise<Done> {
  return act(shop, selection, options.dryRun, 'discarded', async (letter, { headers, body }) => {
    const database = shop.databases[ownerOf(letter.queue)];
    await noteLetter(database, 'discard', letter, options, {
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
  work: (letter: DeadLetter, message: UnackedMessage, session: Session) => Promise<void>,
): Promise<Done> {
  const letters: DeadLetter[] = [];
  const walk = await visitDeadLetters(amqpUrl, selection, async (letter, message, session) => {
    try {
      if (!dryRun) {
        await work(letter, message, session);
      }
    } catch (cause) {
      const others = `${letters.length} letters were ${done} before; all others are where they were.`;
      throw new Error(`DeadLetter ${letter.id} of ${letter.queue} could not be ${done}. ${others}`, {
        cause,
      });
    }
    letters.push(letter);
    return !dryRun;
  });
  return { ...walk, letters };
}

/** Resolves at once the first time, and from then on no more often than the rate says. */
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
