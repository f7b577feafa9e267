import type { FailureReason } from '../../../shared/contract/events';

/** How a saga ended. */
export interface Outcome {
  saga_id: string;
  state: 'PAID' | 'FAILED';
  reason: FailureReason | null;
}

export interface Hold {
  /** The outcome; undefined when `giveUpAfterMs` have passed, or once the hold is released. To be asked for once. */
  outcome(giveUpAfterMs: number): Promise<Outcome | undefined>;
  /** Waits no longer. */
  release(): void;
}

/** One of them for each held request, so it is small: what is kept for that long is copied by the garbage collector. */
class Waiter implements Hold {
  /** By the clock that no operator can set back. */
  readonly since = performance.now();
  private told = false;
  private known: Outcome | undefined;
  private resolve: ((outcome: Outcome | undefined) => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sagaId: string,
    private readonly leave: (sagaId: string, waiter: Waiter) => void,
  ) {}

  outcome(giveUpAfterMs: number): Promise<Outcome | undefined> {
    if (this.told) return Promise.resolve(this.known);
    this.timer = setTimeout(() => this.release(), giveUpAfterMs);
    return new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  release(): void {
    this.tell(undefined);
    this.leave(this.sagaId, this);
  }

  /** What is told first counts. */
  tell(outcome: Outcome | undefined): void {
    if (this.told) return;
    this.told = true;
    this.known = outcome;
    clearTimeout(this.timer);
    this.resolve?.(outcome);
  }
}

/**
 * The buyers who wait on this replica. Whoever learns of outcomes tells them here: the settle step, another replica,
 * or the poll that stands behind both.
 */
export class HeldCheckouts {
  private readonly waiters = new Map<string, Waiter[]>();

  /** To be called before the saga can end, so that its outcome cannot be missed. */
  hold(sagaId: string): Hold {
    const waiter = new Waiter(sagaId, this.leave);
    const sharing = this.waiters.get(sagaId);
    if (sharing) sharing.push(waiter);
    else this.waiters.set(sagaId, [waiter]);
    return waiter;
  }

  tell(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      for (const waiter of this.waiters.get(outcome.saga_id) ?? []) waiter.tell(outcome);
      this.waiters.delete(outcome.saga_id);
    }
  }

  /** Sagas that somebody has waited for longer than this. */
  waitedFor(longerThanMs: number): string[] {
    const before = performance.now() - longerThanMs;
    return [...this.waiters].flatMap(([sagaId, waiters]) =>
      waiters.some((w) => w.since < before) ? sagaId : [],
    );
  }

  private readonly leave = (sagaId: string, waiter: Waiter): void => {
    const sharing = this.waiters.get(sagaId);
    const place = sharing?.indexOf(waiter) ?? -1;
    if (place < 0) return;
    sharing?.splice(place, 1);
    if (sharing?.length === 0) this.waiters.delete(sagaId);
  };
}
