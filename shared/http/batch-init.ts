import { setTimeout as sleep } from 'node:timers/promises';
import { problem } from './problem';
import type { Route } from './route';

/**
 * batch_init replaces rows that may matter to somebody, so a service answers it only where it has been enabled. The
 * route is documented and its parameters are checked in any case.
 */
export function onlyWhenEnabled(enabled: boolean, route: Route): Route {
  return enabled ? route : { ...route, handle: async () => disabled };
}

const disabled = problem(404, {
  reason: 'batch_init_disabled',
  detail: 'batch_init is off, because it overwrites data. Start the service with BATCH_INIT=on to enable it.',
});

const PATIENCE_MS = 5_000;

/**
 * Waits a little while checkouts are in flight. Who loads a shop anew does so right after the last answer, when stock
 * may still be booking a sale that the buyer has been told of already.
 */
export async function whenIdle(inUse: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && (await inUse()); ) {
    await sleep(50);
  }
}
