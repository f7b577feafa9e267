import { BATCH_CONTENT_TYPE } from '../../shared/contract/cloudevents';
import { countMessages } from '../../shared/rabbit/queues';
import { type UnackedMessage, openSession, type Session } from '../../shared/rabbit/session';
import { deadLetterQueueOf } from '../../shared/rabbit/topology';
import { type DeadLetter, readDeadLetter, sagaIdsOf } from './dead-letter';

/** Which letters are meant. */
export interface Selection {
  /** Of these; in any case only of these queues. */
  readonly ids?: readonly string[] | undefined;
  readonly queues: readonly string[];
  /** That mention this saga. */
  readonly sagaId?: string | undefined;
  /** At most so many. */
  readonly limit: number;
}

export interface Visit {
  /** How many letters were selected. */
  selected: number;
  /** How many were looked at, and how many there are. */
  seen: number;
  total: number;
}

/** Letters of one queue that are looked at; they are held all the while, so that each comes once. */
const MAX_SEEN = 10_000;

/**
 * A queue of RabbitMQ 4 throws a message away that was given back 20 times, and looking at a dead letter is taking it
 * and giving it back. One that was looked at this often is replaced by a copy, whose count begins anew.
 */
const RENEW_AFTER = 10;

/**
 * Goes through the dead letters as they lie in their queues, and shows `look` those that are selected. A letter that `look` answers
 * true for is taken off its queue; every other one is back in it in the end, whatever happens meanwhile.
 * @throws when the broker cannot be reached, or lacks the queues
 */
export async function visitDeadLetters(
  amqpUrl: string,
  selection: Selection,
  look: (letter: DeadLetter, message: UnackedMessage, session: Session) => Promise<boolean>,
): Promise<Visit> {
  const walk: Visit = { selected: 0, seen: 0, total: 0 };
  const counts = await countDeadLetters(amqpUrl, selection.queues);
  const session = await openSession(amqpUrl, 'operator');
  try {
    for (const { queue, letters } of counts) {
      walk.total += letters;
      // As many as there were: what is parked from now on is left for the next time.
      for (let left = Math.min(letters, MAX_SEEN); left > 0 && walk.selected < selection.limit; left--) {
        const message = await session.take(deadLetterQueueOf(queue));
        if (message === undefined) {
          break;
        }
        walk.seen++;
        const letter = readDeadLetter(queue, message.body, message.headers);
        const selected = isSelected(letter, selection);
        if (selected) {
          walk.selected++;
        }
        if (selected && (await look(letter, message, session))) {
          message.ack();
        } else if (message.deliveries >= RENEW_AFTER) {
          await renew(session, queue, message);
        }
      }
    }
    return walk;
  } finally {
    await session.close();
  }
}

function isSelected(letter: DeadLetter, { ids, sagaId }: Selection): boolean {
  if (ids && !ids.includes(letter.id)) {
    return false;
  }
  return sagaId === undefined || sagaIdsOf(letter).includes(sagaId);
}

async function renew(session: Session, queue: string, message: UnackedMessage): Promise<void> {
  const { body, headers } = message;
  const routingKey = deadLetterQueueOf(queue);
  await session.publish({ exchange: '', routingKey, body, headers, contentType: BATCH_CONTENT_TYPE });
  message.ack();
}

/** @throws Error that says what to do, when the broker does not answer or is not that of the shop */
export async function countDeadLetters(
  amqpUrl: string,
  queues: readonly string[],
): Promise<{ queue: string; letters: number }[]> {
  const counts = await countMessages(amqpUrl, queues.map(deadLetterQueueOf)).catch((cause) => {
    throw new Error('The broker cannot be reached. Is RabbitMQ running, and is AMQP_URL its address?', {
      cause,
    });
  });
  return counts.map(({ queue, messages }, i) => {
    if (messages === undefined) {
      throw new Error(`The broker has no queue ${queue}. Is AMQP_URL the broker of this shop?`);
    }
    return { queue: queues[i] as string, letters: messages };
  });
}
