import type { FailureReason } from '../../shared/contract/events';

/** How a saga ended. */
export interface Outcome {
  saga_id: string;
  state: 'PAID' | 'FAILED';
  reason: FailureReason | null;
}

export interface Hold {
  /** The outcome; undefined when `giveUpAfterMs` have passed, or once the hold is released. */
  outcome(giveUpAfterMs: number): Promise<Outcome | undefined>;
  /** Waits no longer. */
  release(): void;
}

interface Waiter {
  /** By the clock that no operator can set back. */
  since: number;
  resolve(outcome: Outcome | undefined): void;
}

/**
 * The buyers who wait on this replica. Whoever learns of outcomes tells them here: the settle step, another replica,
 * or the poll that stands behind both.
 */
export class HeldCheckouts {
  private readonly waiters = new Map<string, Set<Waiter>>();

  /** To be called before the saga can end, so that its outcome cannot be missed. */
  hold(sagaId: string): Hold {
    let resolve: Waiter['resolve'] = () => {};
    const told = new Promise<Outcome | undefined>((settle) => {
      resolve = settle;
    });
    const waiter: Waiter = { since: performance.now(), resolve };
    const sharing = this.waiters.get(sagaId) ?? new Set();
    this.waiters.set(sagaId, sharing.add(waiter));
    const release = () => {
      resolve(undefined);
      sharing.delete(waiter);
      if (sharing.size === 0 && this.waiters.get(sagaId) === sharing) this.waiters.delete(sagaId);
    };
    return {
      release,
      async outcome(giveUpAfterMs) {
        const timer = setTimeout(release, giveUpAfterMs);
        const outcome = await told;
        clearTimeout(timer);
        return outcome;
      },
    };
  }

  tell(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      for (const waiter of this.waiters.get(outcome.saga_id) ?? []) waiter.resolve(outcome);
      this.waiters.delete(outcome.saga_id);
    }
  }

  /** Sagas that somebody has waited for longer than this. */
  waitedFor(longerThanMs: number): string[] {
    const before = performance.now() - longerThanMs;
    return [...this.waiters].flatMap(([sagaId, waiters]) =>
      [...waiters].some((w) => w.since < before) ? sagaId : [],
    );
  }
}
