import { setTimeout as sleep } from 'node:timers/promises';
import type { Undo } from './cause';

/** Has a number of people do something again and again, whatever comes of it, until it is taken back. */
export function crowd(count: number, pauseMs: number, doIt: () => Promise<unknown>, undo: Undo): void {
  let goesOn = true;
  const people = Array.from({ length: count }, async () => {
    while (goesOn) {
      await doIt().catch(() => {});
      await sleep(pauseMs);
    }
  });
  undo(() => {
    goesOn = false;
    return Promise.all(people);
  });
}
