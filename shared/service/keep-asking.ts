import { type EventType, queuesFor } from '../contract/events';
import { decisionsRequested } from '../observe/asking-metrics';
import type { Logger } from '../observe/log';
import { countMessages } from '../rabbit/queues';
import { type Loop, repeat } from './loop';

const SWEEP_INTERVAL_MS = 1_000;
/** How often it is considered whether questions may be repeated. It takes a connection to the broker of its own. */
export const REPEAT_INTERVAL_MS = 5_000;
/** With more messages than this in the queue, the service that is asked is not running, or far behind. */
export const MAX_UNREAD = 100;

/**
 * Asks about what has waited too long, and keeps asking until there is an answer, because a question and its answer can
 * both be lost. It does not repeat questions into a queue that nobody reads: whoever is down for hours must not find
 * millions of them afterwards.
 *
 * @param options.question the event that asks
 * @param options.ask asks some and returns how many, 0 when no more are due; `again` says whether those that were asked
 *   before have been read
 * @param options.mayAsk whether `ask(true)` would ask anything
 */
export function keepAsking(options: {
  amqpUrl: string;
  question: EventType;
  log: Logger;
  ask(again: boolean): Promise<number>;
  mayAsk(): Promise<boolean>;
}): Loop {
  const { amqpUrl, log, ask, mayAsk } = options;
  const queue = queuesFor(options.question)[0] as string;
  let considered = performance.now();

  async function askAll(again: boolean): Promise<void> {
    for (let asked = 1; asked > 0; ) {
      asked = await ask(again);
      if (asked > 0) {
        decisionsRequested.inc(asked);
        log.warn({ sagas: asked, queue }, 'sagas have waited too long for their decision; asking for it');
      }
    }
  }

  async function sweep(): Promise<void> {
    await askAll(false);
    if (performance.now() - considered < REPEAT_INTERVAL_MS) {
      return;
    }
    considered = performance.now();
    if ((await mayAsk()) && (await isRead())) {
      await askAll(true);
    }
  }

  /** A missing queue has lost what it held, but what is sent now would only wait in the outbox. */
  async function isRead(): Promise<boolean> {
    const [length] = await countMessages(amqpUrl, [queue]);
    return length?.messages !== undefined && length.messages <= MAX_UNREAD;
  }

  return repeat(SWEEP_INTERVAL_MS, sweep, (error) =>
    log.warn({ err: error }, 'could not ask about sagas that have waited too long; trying again'),
  );
}
