import type { Caution } from '../../shared/inbox/caution';
import type { Logger } from '../../shared/observe/log';
import type { Outbox } from '../../shared/outbox/outbox';
import type { Database } from '../../shared/postgres/database';
import { causeOf } from '../../shared/postgres/errors';
import { smartBatch } from '../../shared/service/batch';
import { repeat } from '../../shared/service/loop';
import { itemsWaitedForLong, serveWaiting } from './saga/2-reserve-stock/serve-waiting';

export interface Waiting {
  /** Schedules a round for the sagas that wait for these items. It sees the changes that a running round misses. */
  serve(itemIds: readonly string[]): void;
  stop(): Promise<void>;
}

const MAX_ITEMS = 10_000;
const SWEEP_INTERVAL_MS = 1_000;

/**
 * Serves the sagas that wait for stock as soon as one of their items changes. Which items have changed is kept in
 * memory only. If this process dies, the sweep of any replica finds the sagas that have waited too long.
 */
export function openWaiting({
  database,
  outbox,
  caution,
  onReserved,
  log,
}: {
  database: Database;
  outbox: Outbox;
  caution: Caution;
  /** Called with items of which units were reserved. */
  onReserved: (itemIds: readonly string[]) => void;
  log: Logger;
}): Waiting {
  const logFailure = (error: unknown) => {
    if (causeOf(error) === 'locked') {
      caution.advise();
    }
    log.warn({ err: error }, 'could not serve the sagas that wait for stock; trying again');
  };

  const rounds = smartBatch<string, void>({
    max: MAX_ITEMS,
    inFlight: 1,
    async run(itemIds) {
      const isCautious = caution.isAdvised();
      const { reserved, unsettled } = await outbox.transaction((tx) =>
        serveWaiting(tx, [...new Set(itemIds)], isCautious),
      );
      onReserved(reserved);
      // What another session has locked is left to the sweep, because nothing tells when it is free.
      if (!isCautious) {
        serve(unsettled);
      }
      return [];
    },
  });

  function serve(itemIds: readonly string[]): void {
    for (const itemId of itemIds) {
      rounds.submit(itemId).catch(logFailure);
    }
  }

  const sweep = repeat(
    SWEEP_INTERVAL_MS,
    async () => serve(await database.transaction(itemsWaitedForLong)),
    logFailure,
  );

  return {
    serve,
    async stop() {
      await sweep.stop();
      await rounds.idle();
    },
  };
}
