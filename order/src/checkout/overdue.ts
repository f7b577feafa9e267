import type { Logger } from '../../../shared/observe/log';
import { sagaInFlight, sagaOldest, sharedReading } from '../../../shared/observe/metrics';
import type { Outbox } from '../../../shared/outbox/outbox';
import type { Database } from '../../../shared/postgres/database';
import { type Loop, repeat } from '../../../shared/service/loop';
import { cancelOverdue } from '../saga/cancel-overdue/step';
import type { Admission } from './admission';
import { sagasInFlight } from './statements';

const SWEEP_INTERVAL_MS = 1_000;
/** Sagas asked about in one transaction. */
const LIMIT = 256;

/** Every second: asks payment about sagas past their deadline, and counts what is in flight. */
export function watchOverdue(options: {
  database: Database;
  outbox: Outbox;
  log: Logger;
  admission: Admission;
  cancelAfterMs: number;
}): Loop {
  const { database, outbox, log, admission, cancelAfterMs } = options;
  const count = sharedReading(async () => {
    const [counted] = await database.transaction((tx) => tx.run(sagasInFlight));
    return counted ?? { count: 0, oldest_seconds: 0 };
  });
  sagaInFlight.from(async () => (await count()).count);
  sagaOldest.from(async () => (await count()).oldest_seconds);

  async function sweep(): Promise<void> {
    admission.counted((await count()).count);
    for (let asked = LIMIT; asked === LIMIT; ) {
      const { emit } = await outbox.transaction(async (tx) => ({
        emit: await cancelOverdue(tx, cancelAfterMs, LIMIT),
      }));
      asked = emit.length;
      if (asked > 0) log.warn({ sagas: asked }, 'checkouts are overdue; payment is asked to cancel them');
    }
  }
  return repeat(SWEEP_INTERVAL_MS, sweep, (error) =>
    log.warn({ err: error }, 'overdue checkouts could not be looked for; trying again'),
  );
}
