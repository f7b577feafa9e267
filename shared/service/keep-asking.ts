import { type EventType, queuesFor } from '../contract/events';
import { decisionsRequested } from '../observe/asking-metrics';
import type { Logger } from '../observe/log';
import { countMessages } from '../rabbit/queues';
import { type Loop, repeat } from './loop';

const SWEEP_INTERVAL_MS = 1_000;
/** How often it is considered whether questions may be repeated. It takes a connection to the broker of its own. */
export const REPEAT_INTERVAL_MS = 5_000;
/** With more messages than this in the queue, the service that is asked hangs, or is far behind. */
export const MAX_UNREAD = 20;

/**
 * Asks about what has waited too long, and keeps asking until there is an answer, because a question and its answer can
 * both be lost. It does not repeat questions into a queue that nobody reads: whoever is down for hours must not find
 * millions of them afterwards. As soon as the queue is read again, they are repeated.
 *
 * @param options.question the event that asks
 * @param options.ask asks some and returns how many, 0 when no more are due. It is told for how long the queue has been
 *   read, as far as this process knows; null while it is not read
 * @param options.mayAsk whether `ask` would ask anything if the queue had been read for so long
 */
export function keepAsking(options: {
  amqpUrl: string;
  question: EventType;
  log: Logger;
  ask(readingForMs: number | null): Promise<number>;
  mayAsk(readingForMs: number): Promise<boolean>;
}): Loop {
  const { amqpUrl, log, ask, mayAsk } = options;
  const queue = queuesFor(options.question)[0] as string;
  let considered = performance.now();
  let readSince: number | undefined;

  async function askAll(readingForMs: number | null): Promise<void> {
    for (let asked = 1; asked > 0; ) {
      asked = await ask(readingForMs);
      if (asked > 0) {
        decisionsRequested.inc(asked);
        log.warn({ sagas: asked, queue }, 'sagas have waited too long for their decision; asking for it');
      }
    }
  }

  async function sweep(): Promise<void> {
    await askAll(null);
    const now = performance.now();
    if (now - considered < REPEAT_INTERVAL_MS) {
      return;
    }
    considered = now;
    const since = readSince ?? now;
    if (await mayAsk(now - since)) {
      // If that cannot be found out, it is not read.
      readSince = undefined;
      readSince = (await isRead()) ? since : undefined;
      if (readSince !== undefined) {
        await askAll(now - since);
      }
    }
  }

  /** A missing queue has lost what it held, but what is sent now would only wait in the outbox. */
  async function isRead(): Promise<boolean> {
    const [length] = await countMessages(amqpUrl, [queue]);
    const { messages = 0, consumers = 0 } = length ?? {};
    return consumers > 0 && messages <= MAX_UNREAD;
  }

  return repeat(SWEEP_INTERVAL_MS, sweep, (error) =>
    log.warn({ err: error }, 'could not ask about sagas that have waited too long; trying again'),
  );
}
