import type { Logger } from '../../../shared/observe/log';
import type { Outbox } from '../../../shared/outbox/outbox';
import { type Loop, repeat } from '../../../shared/service/loop';
import { cancelOverdue } from '../saga/cancel-overdue/step';

const SWEEP_INTERVAL_MS = 1_000;
/** The most sagas that one transaction asks payment to cancel. */
const LIMIT = 256;

/** Every second, asks payment to cancel the sagas that are past their deadline. */
export function watchOverdue(options: { outbox: Outbox; log: Logger; cancelAfterMs: number }): Loop {
  const { outbox, log, cancelAfterMs } = options;
  async function sweep(): Promise<void> {
    for (let found = LIMIT; found === LIMIT; ) {
      const { emit } = await outbox.transaction(async (tx) => ({
        emit: await cancelOverdue(tx, cancelAfterMs, LIMIT),
      }));
      found = emit.length;
      if (found > 0) {
        log.warn({ sagas: found }, 'checkouts are overdue; asking payment to cancel them');
      }
    }
  }
  return repeat(SWEEP_INTERVAL_MS, sweep, (error) =>
    log.warn({ err: error }, 'could not look for overdue checkouts; trying again'),
  );
}
