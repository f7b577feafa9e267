import type { Session, UnackedMessage } from '../../shared/rabbit/session';
import type { ShopConnections } from './connections';
import type { DeadLetter } from './dead-letter';
import { type Selection, type Visit, visitDeadLetters } from './visit-dead-letters';

/** What was redriven or discarded. */
export interface Result extends Visit {
  letters: DeadLetter[];
}

/**
 * Takes dead letters out of their queues, each once `work` has succeeded with it.
 * @param done what `work` does, as a participle
 * @throws Error saying how many were done before, when the broker or a database fails on the way
 */
export async function takeDeadLetters(
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
      const failed = `Dead letter ${id} of ${queue} could not be ${done} (${letters.length} were ${done} before it).`;
      throw new Error(`${failed} All others are still in their dead-letter queues.`, { cause });
    }
    letters.push(deadLetter);
    return !dryRun;
  });
  return { ...visit, letters };
}
