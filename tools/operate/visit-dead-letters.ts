import { BATCH_CONTENT_TYPE } from '../../shared/contract/cloudevents';
import { countMessages } from '../../shared/rabbit/queues';
import { openSession, type Session, type UnackedMessage } from '../../shared/rabbit/session';
import { deadLetterQueueOf } from '../../shared/rabbit/topology';
import { type DeadLetter, readDeadLetter, sagaIdsOf } from './dead-letter';

/** Which dead letters to read. */
export interface Selection {
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
  /** Only those of these queues. */
  readonly queues: readonly string[];
  /** Only those that mention this saga. */
  readonly sagaId?: string | undefined;
  /** At most this many. */
  readonly limit: number;
}

export interface Visit {
  /** How many dead letters were selected. */
  selected: number;
  /** How many were read, and how many there are. */
  seen: number;
  total: number;
}

/** At most this many of one queue are read. They stay unacked meanwhile, so that each is read only once. */
const MAX_SEEN = 10_000;

/**
 * RabbitMQ 4 drops a message that was returned to its queue 20 times, and reading a dead letter means taking and
 * returning it. A dead letter that was read this often is replaced by a copy, whose count starts at zero.
 */
const RENEW_AFTER = 10;

/**
 * Reads the dead letters in their queues, and calls `handle` with each selected one. If `handle` resolves to true, the
 * dead letter is removed from its queue. All others are back in it in the end, whatever happens in between.
 * @throws when the broker cannot be reached, or lacks the queues
 */
export async function visitDeadLetters(
  amqpUrl: string,
  selection: Selection,
  handle: (deadLetter: DeadLetter, message: UnackedMessage, session: Session) => Promise<boolean>,
): Promise<Visit> {
  const visit: Visit = { selected: 0, seen: 0, total: 0 };
  const counts = await countDeadLetters(amqpUrl, selection.queues);
  const session = await openSession(amqpUrl, 'operator');
  try {
    for (const { queue, count } of counts) {
      visit.total += count;
      // Reads only as many as there were at the start: what is parked later is left for the next run.
      for (let left = Math.min(count, MAX_SEEN); left > 0 && visit.selected < selection.limit; left--) {
        const message = await session.take(deadLetterQueueOf(queue));
        if (message === undefined) {
          break;
        }
        visit.seen++;
        const deadLetter = readDeadLetter(queue, message.body, message.headers);
        const selected = isSelected(deadLetter, selection);
        if (selected) {
          visit.selected++;
        }
        if (selected && (await handle(deadLetter, message, session))) {
          message.ack();
        } else if (message.deliveries >= RENEW_AFTER) {
          await renew(session, queue, message);
        }
      }
    }
    return visit;
  } finally {
    await session.close();
  }
}

function isSelected(deadLetter: DeadLetter, { ids, sagaId }: Selection): boolean {
  if (ids && !ids.includes(deadLetter.id)) {
    return false;
  }
  return sagaId === undefined || sagaIdsOf(deadLetter).includes(sagaId);
}

async function renew(session: Session, queue: string, message: UnackedMessage): Promise<void> {
  const { body, headers } = message;
  const routingKey = deadLetterQueueOf(queue);
  await session.publish({ exchange: '', routingKey, body, headers, contentType: BATCH_CONTENT_TYPE });
  message.ack();
}

/** @throws Error that says what to do, when the broker cannot be reached or is not that of the shop */
async function countDeadLetters(
  amqpUrl: string,
  queues: readonly string[],
): Promise<{ queue: string; count: number }[]> {
  const counts = await countMessages(amqpUrl, queues.map(deadLetterQueueOf)).catch((cause) => {
    const hint = 'Check that RabbitMQ runs and that AMQP_URL is its address.';
    throw new Error(`The broker cannot be reached. ${hint}`, { cause });
  });
  return counts.map(({ queue, messages }, i) => {
    if (messages === undefined) {
      throw new Error(`The broker has no queue ${queue}. Check that AMQP_URL is the broker of this shop.`);
    }
    return { queue: queues[i] as string, count: messages };
  });
}
