import { BATCH_CONTENT_TYPE } from '../contract/cloudevents';
import type { Publisher } from '../rabbit/publisher';
import { DEAD_LETTERS } from '../rabbit/topology';

export interface DeadLetters {
  /** Resolves when the broker has the message in the dead-letter queue of `queue`, with its error in the headers. */
  park(queue: string, body: string | Buffer, error: unknown): Promise<void>;
}

/** Headers are kept short, because a broker refuses a header frame that is too large. */
const MAX_HEADER_LENGTH = 2_000;

export function openDeadLetters(publisher: Publisher): DeadLetters {
  return {
    park: (queue, body, error) =>
      publisher.publish({
        exchange: DEAD_LETTERS,
        routingKey: queue,
        body,
        contentType: BATCH_CONTENT_TYPE,
        headers: {
          'x-parked-from': queue,
          'x-parked-at': new Date().toISOString(),
          'x-error-code': String((error as { code?: unknown })?.code ?? 'UNKNOWN'),
          'x-error': (error instanceof Error ? error.message : String(error)).slice(0, MAX_HEADER_LENGTH),
        },
      }),
  };
}
