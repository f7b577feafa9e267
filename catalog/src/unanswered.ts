import type { Logger } from '../../shared/observe/log';
import { sharedReading } from '../../shared/observe/metrics';
import type { Outbox } from '../../shared/outbox/outbox';
import type { Database } from '../../shared/postgres/database';
import { keepAsking } from '../../shared/service/keep-asking';
import type { Loop } from '../../shared/service/loop';
import { restocksOldest, restocksWaiting } from './metrics';
import { countUnanswered } from './saga/ask-restocks/statements';
import { askUnanswered, isAnyUnansweredDue } from './saga/ask-restocks/step';

/** The most restocks that one transaction asks about. */
const LIMIT = 256;

/** Asks stock again about the restocks that it has not answered for too long. */
export function watchUnanswered(options: {
  database: Database;
  outbox: Outbox;
  amqpUrl: string;
  log: Logger;
  askAfterMs: number;
}): Loop {
  const { database, outbox, amqpUrl, log, askAfterMs } = options;
  const count = sharedReading(async () => {
    const [counted] = await database.transaction((tx) => tx.run(countUnanswered));
    return counted ?? { count: 0, oldest_seconds: 0 };
  });
  restocksWaiting.from(async () => (await count()).count);
  restocksOldest.from(async () => (await count()).oldest_seconds);
  return keepAsking({
    amqpUrl,
    question: 'catalog.item_stocked',
    log,
    async ask(readingForMs) {
      const { emit } = await outbox.transaction(async (tx) => ({
        emit: await askUnanswered(tx, { askAfterMs, readingForMs, limit: LIMIT }),
      }));
      return emit.length;
    },
    mayAsk: (readingForMs) => database.transaction((tx) => isAnyUnansweredDue(tx, askAfterMs, readingForMs)),
  });
}
