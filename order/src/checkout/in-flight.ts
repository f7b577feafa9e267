import type { Logger } from '../../../shared/observe/log';
import { sharedReading } from '../../../shared/observe/metrics';
import type { Database } from '../../../shared/postgres/database';
import { type Loop, repeat } from '../../../shared/service/loop';
import { sagaInFlight, sagaOldest } from '../metrics';
import { sagasInFlight } from './statements';

const COUNT_INTERVAL_MS = 1_000;

/** Counts the sagas in flight in the whole shop: every second for admission, and whenever Prometheus scrapes. */
export function watchInFlight(options: {
  database: Database;
  log: Logger;
  onCounted(inFlight: number): void;
}): Loop {
  const { database, log, onCounted } = options;
  const count = sharedReading(async () => {
    const [counted] = await database.transaction((tx) => tx.run(sagasInFlight));
    return counted ?? { count: 0, oldest_seconds: 0 };
  });
  sagaInFlight.from(async () => (await count()).count);
  sagaOldest.from(async () => (await count()).oldest_seconds);
  return repeat(
    COUNT_INTERVAL_MS,
    async () => onCounted((await count()).count),
    (error) => log.warn({ err: error }, 'could not count the checkouts in flight; trying again'),
  );
}
