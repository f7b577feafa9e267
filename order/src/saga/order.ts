export type OrderStatus = 'OPEN' | 'CHECKING_OUT' | 'PAID';
export type SagaState = 'PENDING' | 'PAID' | 'FAILED';

/** The last checkout attempt of an order, which is all that there is to say about how the order stands. */
export interface LastAttempt {
  readonly saga_id: string | null;
  /** Null where there was none yet, and where it was opened while somebody waited for the order's lock. */
  readonly state: SagaState | null;
}

/** An order is as its last attempt says. Nobody writes it down a second time (docs/decisions/0015). */
export function statusOf({ saga_id, state }: LastAttempt): OrderStatus {
  if (saga_id === null || state === 'FAILED') {
    return 'OPEN';
  }
  return state === 'PAID' ? 'PAID' : 'CHECKING_OUT';
}
