import { setTimeout as sleep } from 'node:timers/promises';
import { persistently } from '../patience';
import type { Watchers } from '../watching/prometheus';
import { type Cause, describe, type Expected, isExpected } from './cause';

const POLL_MS = 5_000;
const ATTEMPTS = 5;
const BETWEEN_ATTEMPTS_MS = 3_000;
/** The longest that a rule waits is ten minutes; an audit, a rollout and Alertmanager's own pause come on top. */
const WITHIN_MS = 20 * 60_000;
/** Some rules look at a whole hour, or wait for one. */
const LATER_WITHIN_MS = 80 * 60_000;

/** Takes all steps, the last one first, also when one fails. @throws Error of the first one that failed for good */
async function takeBack(steps: (() => Promise<unknown>)[]): Promise<void> {
  let failure: unknown;
  for (const step of steps.reverse()) {
    await patiently(step).catch((error) => {
      failure ??= error;
    });
  }
  if (failure !== undefined) {
    throw failure;
  }
}

/** What it needs may just be starting again. */
const patiently = <T>(work: () => Promise<T>) => persistently(work, ATTEMPTS, BETWEEN_ATTEMPTS_MS);

/**
 * Brings causes about, and waits until Alertmanager has each of their alerts. An alert that it has before its cause is a
 * problem: then the cause proves nothing.
 * @param strands each is a list of causes for one after the other. Strands do not disturb each other, and go on side by side
 * @returns whether every alert fired when its cause was there, and not before
 */
export async function runDrill(
  watchers: Pick<Watchers, 'received'>,
  strands: readonly (readonly Cause[])[],
  say: (text: string) => void,
  { withinMs = WITHIN_MS, laterWithinMs = LATER_WITHIN_MS, pollMs = POLL_MS } = {},
): Promise<boolean> {
  let works = true;
  const complain = (problem: string) => {
    works = false;
    say(`  NOT AS PROMISED: ${problem}`);
  };

  async function firing(expected: readonly Expected[]): Promise<Expected[]> {
    const received = await watchers.received();
    return expected.filter((one) => received.some(({ labels }) => isExpected(labels, one)));
  }

  /** Waits until all have fired. */
  async function awaitAll(title: string, expected: readonly Expected[], forMs: number): Promise<void> {
    const began = performance.now();
    const missing = new Set(expected);
    for (; missing.size > 0 && performance.now() - began < forMs; await sleep(pollMs)) {
      // Alertmanager may be starting again.
      for (const one of await firing([...missing]).catch(() => [])) {
        missing.delete(one);
        const after = Math.round((performance.now() - began) / 1_000);
        say(`${describe(one)} fired after ${after} s: ${title}`);
      }
    }
    for (const one of missing) {
      complain(`${describe(one)} did not fire within ${forMs / 60_000} minutes: ${title}`);
    }
  }

  const pending: Promise<void>[] = [];
  async function runCause({ title, alerts, bring }: Cause): Promise<void> {
    for (const one of await patiently(() => firing(alerts))) {
      complain(`${describe(one)} fired before its cause: ${title}`);
    }
    const steps: (() => Promise<unknown>)[] = [];
    try {
      await bring((step) => steps.push(step));
      const [now, later] = [alerts.filter((one) => !one.later), alerts.filter((one) => one.later)];
      pending.push(awaitAll(title, later, laterWithinMs));
      await awaitAll(title, now, withinMs);
    } finally {
      await takeBack(steps);
    }
  }

  const ended = await Promise.allSettled(
    strands.map(async (strand) => {
      for (const cause of strand) {
        await runCause(cause);
      }
    }),
  );
  for (const strand of ended) {
    if (strand.status === 'rejected') {
      throw strand.reason;
    }
  }
  await Promise.all(pending);
  return works;
}
