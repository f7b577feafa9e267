import { setTimeout as sleep } from 'node:timers/promises';
import { statement } from '../postgres/statement';
import { problem } from './problem';
import type { Route } from './route';

/**
 * batch_init overwrites rows that may be important, so a service runs it only where it is enabled. The route is
 * documented and its parameters are checked in any case.
 */
export function onlyWhenEnabled(enabled: boolean, route: Route): Route {
  return enabled ? route : { ...route, handle: async () => disabled };
}

const disabled = problem(404, {
  reason: 'batch_init_disabled',
  detail: 'batch_init is off, because it overwrites data. Start the service with BATCH_INIT=on to enable it.',
});

/** For the transaction that it is part of. A whole table is not free as soon as a row is. */
export const waitLongerForLocks = statement(
  'batch_wait_longer',
  `SELECT set_config('lock_timeout', '10s', true)`,
);

const MAX_WAIT_MS = 5_000;

/**
 * Waits for a few seconds at most while checkouts are in flight. A client may reload the shop as soon as its last
 * checkout is answered, while stock is still settling that sale.
 */
export async function whenIdle(inUse: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + MAX_WAIT_MS; Date.now() < end && (await inUse()); ) {
    await sleep(50);
  }
}
