import type { Logger } from '../../../shared/observe/log';
import type { Outbox } from '../../../shared/outbox/outbox';
import type { Database } from '../../../shared/postgres/database';
import { keepAsking } from '../../../shared/service/keep-asking';
import type { Loop } from '../../../shared/service/loop';
import { cancelOverdue, isAnyOverdue } from '../saga/cancel-overdue/step';

/** The most sagas that one transaction asks payment to cancel. */
const LIMIT = 256;

/** Every second, asks payment to cancel the sagas that are past their deadline. */
export function watchOverdue(options: {
  database: Database;
  outbox: Outbox;
  amqpUrl: string;
  log: Logger;
  cancelAfterMs: number;
}): Loop {
  const { database, outbox, amqpUrl, log, cancelAfterMs } = options;
  return keepAsking({
    amqpUrl,
    question: 'order.checkout_cancel_requested',
    log,
    async ask(readingForMs) {
      const { emit } = await outbox.transaction(async (tx) => ({
        emit: await cancelOverdue(tx, { cancelAfterMs, readingForMs, limit: LIMIT }),
      }));
      return emit.length;
    },
    mayAsk: (readingForMs) => database.transaction((tx) => isAnyOverdue(tx, cancelAfterMs, readingForMs)),
  });
}
