import type { SagaEvent } from '../contract/events';
import type { Tx } from '../postgres/tx';
import { rowLocks } from './blocked';
import type { Caution } from './caution';
import { recordDeferrals, type Task } from './deferrals';
import type { Step, StepOutcome } from './step';

/** What to do about rows that another session may have locked. */
export interface Manner {
  /** The name of a row to wait for first. The transaction holds nothing meanwhile. */
  readonly waitFor?: string | undefined;
  /** Is given the events that are blocked, each with the row. Without it, they are deferred. */
  readonly leave?: (blocked: ReadonlyMap<Task, string>) => void;
}

export const NOTHING: StepOutcome = { emit: [], duplicates: 0 };
export const NOBODY: ReadonlyMap<Task, string> = new Map();

/**
 * Returns a function that runs a step in a transaction. If the service is cautious, or the events were deferred before, it
 * looks before it locks, and the step gets the events that are not blocked.
 */
export function openAttempt(step: Step, caution: Caution) {
  const lockRow = rowLocks(step.lockedRows);

  /** @param events those of the tasks, in the same order */
  return async (tx: Tx, tasks: readonly Task[], events: readonly SagaEvent[], manner: Manner) => {
    if (!caution.isAdvised() && tasks.every(({ deferral }) => deferral === undefined)) {
      const outcome = await step.run(tx, events);
      return { emit: outcome.emit, outcome, handled: events, blocked: NOBODY };
    }
    if (manner.waitFor !== undefined) {
      await lockRow(tx, manner.waitFor);
    }
    const rows = await step.findBlocked(tx, events);
    const blocked = new Map<Task, string>();
    const handled: Task[] = [];
    tasks.forEach((task, i) => {
      const row = rows.get(events[i] as SagaEvent);
      if (row === undefined) {
        handled.push(task);
      } else {
        blocked.set(task, row);
      }
    });
    const free = events.filter((event) => !rows.has(event));
    const outcome = free.length > 0 ? await step.run(tx, free, true) : NOTHING;
    await recordDeferrals(tx, step.queue, { handled, blocked: manner.leave ? NOBODY : blocked });
    return { emit: outcome.emit, outcome, handled: free, blocked };
  };
}
