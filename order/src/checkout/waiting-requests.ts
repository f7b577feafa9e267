import type { FailureReason } from '../../../shared/contract/events';

/** How a saga ended. */
export interface Outcome {
  saga_id: string;
  state: 'PAID' | 'FAILED' | 'DISPUTED';
  reason: FailureReason | null;
  /** What was charged, if it is DISPUTED. */
  amount?: number;
}

/** A request that waits for a saga to end. */
export interface WaitingRequest {
  /** The outcome; undefined once `giveUpAfterMs` have passed or the request is released. Call it once. */
  outcome(giveUpAfterMs: number): Promise<Outcome | undefined>;
  /** Stops waiting. */
  release(): void;
}

/** There is one for each waiting request, so it is small: the garbage collector copies objects that live this long. */
class Waiter implements WaitingRequest {
  /** On the monotonic clock, which never goes back. */
  readonly since = performance.now();
  private isResolved = false;
  private known: Outcome | undefined;
  private resolvePromise: ((outcome: Outcome | undefined) => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sagaId: string,
    private readonly remove: (sagaId: string, waiter: Waiter) => void,
  ) {}

  outcome(giveUpAfterMs: number): Promise<Outcome | undefined> {
    if (this.isResolved) {
      return Promise.resolve(this.known);
    }
    this.timer = setTimeout(() => this.release(), giveUpAfterMs);
    return new Promise((resolve) => {
      this.resolvePromise = resolve;
    });
  }

  release(): void {
    this.resolve(undefined);
    this.remove(this.sagaId, this);
  }

  /** Only the first call has an effect. */
  resolve(outcome: Outcome | undefined): void {
    if (this.isResolved) {
      return;
    }
    this.isResolved = true;
    this.known = outcome;
    clearTimeout(this.timer);
    this.resolvePromise?.(outcome);
  }
}

/**
 * The requests that wait on this replica for their saga to end. Outcomes reach them from the settle step, from another
 * replica's broadcast, or from the poll if both fail.
 */
export class WaitingRequests {
  private readonly waiters = new Map<string, Waiter[]>();

  /** Call it before the saga can end, so that its outcome cannot be missed. */
  add(sagaId: string): WaitingRequest {
    const waiter = new Waiter(sagaId, this.remove);
    const sharing = this.waiters.get(sagaId);
    if (sharing) {
      sharing.push(waiter);
    } else {
      this.waiters.set(sagaId, [waiter]);
    }
    return waiter;
  }

  resolve(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      for (const waiter of this.waiters.get(outcome.saga_id) ?? []) {
        waiter.resolve(outcome);
      }
      this.waiters.delete(outcome.saga_id);
    }
  }

  /** The sagas that a request has waited for longer than this. */
  waitingLongerThan(ms: number): string[] {
    const before = performance.now() - ms;
    return [...this.waiters].flatMap(([sagaId, waiters]) =>
      waiters.some((waiter) => waiter.since < before) ? sagaId : [],
    );
  }

  private readonly remove = (sagaId: string, waiter: Waiter): void => {
    const sharing = this.waiters.get(sagaId);
    const index = sharing?.indexOf(waiter) ?? -1;
    if (index < 0) {
      return;
    }
    sharing?.splice(index, 1);
    if (sharing?.length === 0) {
      this.waiters.delete(sagaId);
    }
  };
}
