import type { Logger } from '../../shared/observe/log';
import type { Outbox } from '../../shared/outbox/outbox';
import type { Database } from '../../shared/postgres/database';
import { smartBatch } from '../../shared/service/batch';
import { repeat } from '../../shared/service/loop';
import { itemsWaitedForLong, serveWaiting } from './saga/2-reserve-stock/serve-waiting';

export interface Waiting {
  /** Serves those who wait for these items, soon; what changes meanwhile is seen by the next round. */
  serve(itemIds: readonly string[]): void;
  stop(): Promise<void>;
}

const MAX_ITEMS = 10_000;
const SWEEP_INTERVAL_MS = 1_000;

/**
 * Sees to it that whoever waits for stock is served as soon as there is news. The news lives in memory only; if this
 * process dies with it, the sweep of any replica finds who has waited for long.
 */
export function openWaiting({
  database,
  outbox,
  log,
}: {
  database: Database;
  outbox: Outbox;
  log: Logger;
}): Waiting {
  const failed = (error: unknown) =>
    log.warn({ err: error }, 'those who wait for stock could not be served; trying again');

  const rounds = smartBatch<string, void>({
    max: MAX_ITEMS,
    inFlight: 1,
    async run(itemIds) {
      const { unsettled } = await outbox.transaction((tx) => serveWaiting(tx, [...new Set(itemIds)]));
      serve(unsettled);
      return [];
    },
  });

  function serve(itemIds: readonly string[]): void {
    for (const itemId of itemIds) {
      rounds.submit(itemId).catch(failed);
    }
  }

  const sweep = repeat(
    SWEEP_INTERVAL_MS,
    async () => serve(await database.transaction(itemsWaitedForLong)),
    failed,
  );

  return {
    serve,
    async stop() {
      await sweep.stop();
      await rounds.idle();
    },
  };
}
