import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds. If it never does, the test's own timeout ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await sleep(10);
  }
}
