import type { Logger } from '../../shared/observe/log';
import type { Outbox } from '../../shared/outbox/outbox';
import type { Database } from '../../shared/postgres/database';
import { keepAsking } from '../../shared/service/keep-asking';
import type { Loop } from '../../shared/service/loop';
import { askUndecided, isAnyUndecidedDue } from './saga/ask-undecided/step';

/** The most reservations of each state that one transaction asks about. */
const LIMIT = 256;

/** Asks payment about the sagas that have been reserved, or have waited, for too long without a decision. */
export function watchUndecided(options: {
  database: Database;
  outbox: Outbox;
  amqpUrl: string;
  log: Logger;
  askAfterMs: number;
}): Loop {
  const { database, outbox, amqpUrl, log, askAfterMs } = options;
  return keepAsking({
    amqpUrl,
    question: 'stock.decision_requested',
    log,
    async ask(readingForMs) {
      const { emit } = await outbox.transaction(async (tx) => ({
        emit: await askUndecided(tx, { askAfterMs, readingForMs, limit: LIMIT }),
      }));
      return emit.length;
    },
    mayAsk: (readingForMs) => database.transaction((tx) => isAnyUndecidedDue(tx, askAfterMs, readingForMs)),
  });
}
