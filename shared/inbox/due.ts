import type { Caution } from './caution';
import type { Task } from './deferrals';
import type { Handle } from './handler';

/** The most rows that a step waits for at a time. Each takes a connection to the database. */
const MAX_ROWS = 2;

export interface Due {
  /** Resolves when each of these events is handled, deferred again, or waits for its row. Rejects when the service stops. */
  handle(tasks: readonly Task[]): Promise<void>;
  /** Resolves when no row is waited for. */
  idle(): Promise<unknown>;
}

/**
 * Handles deferred events that are due. Those whose rows are free go first, together. A row that is locked is waited for,
 * in a transaction that holds nothing else, so it makes nobody else wait. It is free within milliseconds if another replica
 * has it. If not, a stranger has it: the events that need it are deferred again, and nobody waits for it for a while.
 */
export function openDue(handle: Handle, caution: Caution): Due {
  /** The rows that are waited for, each with the events that have come since. */
  const next = new Map<string, Task[]>();
  const waits = new Set<Promise<void>>();

  async function waitFor(row: string, first: readonly Task[]): Promise<void> {
    const later: Task[] = [];
    next.set(row, later);
    try {
      for (let tasks = first; tasks.length > 0; tasks = later.splice(0)) {
        await handle(tasks, caution.isHeld(row) ? {} : { waitFor: row });
      }
    } finally {
      next.delete(row);
    }
  }

  return {
    async handle(tasks) {
      const blocked = new Map<Task, string>();
      await handle(tasks, {
        leave(found) {
          for (const [task, row] of found) {
            blocked.set(task, row);
          }
        },
      });
      const again: Task[] = [];
      for (const row of new Set(blocked.values())) {
        const group = [...blocked.keys()].filter((task) => blocked.get(task) === row);
        const later = next.get(row);
        if (later) {
          later.push(...group);
        } else if (next.size >= MAX_ROWS || caution.isHeld(row)) {
          again.push(...group);
        } else {
          // It fails only when the service stops. Then another replica takes the events after their lease.
          const wait = waitFor(row, group)
            .catch(() => {})
            .finally(() => waits.delete(wait));
          waits.add(wait);
        }
      }
      if (again.length > 0) {
        await handle(again);
      }
    },
    idle: () => Promise.all(waits),
  };
}
