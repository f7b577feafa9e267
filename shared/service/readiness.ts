import { setTimeout as sleep } from 'node:timers/promises';
import type { Check } from '../http/internal-server';
import type { Logger } from '../observe/log';
import type { Database } from '../postgres/database';
import type { Patience } from '../postgres/patience';

/** A connection to the broker. */
export type Broker = { isConnected(): boolean };

/** A gateway may ask four times a second, and each probe of the database takes a new connection. */
const PROBE_EVERY_MS = 2_000;

/** All replicas share the database. If all were unready, requests that would wait for it could not get here. */
export function databaseCheck(patience: Patience): Check {
  let answeredAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - answeredAt > PROBE_EVERY_MS) {
      await patience.ready();
      answeredAt = performance.now();
    }
  };
}

/** A broker that goes away later does not make the service unready: the outbox keeps the messages until it is back. */
export function brokerCheck(brokers: readonly Broker[]): Check {
  const reached = new Set<Broker>();
  return async () => {
    for (const broker of brokers) {
      if (broker.isConnected()) {
        reached.add(broker);
      }
    }
    if (reached.size < brokers.length) {
      throw new Error('the broker has not been reached yet');
    }
  };
}

export async function waitUntilReachable(database: Database, log: Logger): Promise<void> {
  for (;;) {
    try {
      return await database.ready();
    } catch (error) {
      log.warn({ err: error }, 'cannot reach the database; trying again (see DATABASE_URL)');
      await sleep(1_000);
    }
  }
}
