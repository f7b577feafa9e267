import { ownerOf, type ShopConnections } from './connections';
import { type DeadLetter, readBody } from './dead-letter';
import type { Headers } from './dead-letter-cause';
import { type Action, actionsOnDeadLetter } from './operator-actions';
import { type Selection, type Visit, visitDeadLetters } from './visit-dead-letters';

/** Reading dead letters changes nothing: each is back in its queue afterwards. */

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
