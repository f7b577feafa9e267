export type OrderStatus = 'OPEN' | 'CHECKING_OUT' | 'PAID' | 'DISPUTED';
export type SagaState = 'PENDING' | 'PAID' | 'FAILED' | 'DISPUTED';

/** The last checkout attempt of an order. It alone determines the status of the order. */
export interface LastAttempt {
  readonly saga_id: string | null;
  /** Null if there was no attempt yet, or if it was opened while this transaction waited for the order's lock. */
  readonly state: SagaState | null;
}

/** Derives an order's status from its last attempt. The status itself is not stored (docs/decisions/0015). */
export function statusOf({ saga_id, state }: LastAttempt): OrderStatus {
  if (saga_id === null || state === 'FAILED') {
    return 'OPEN';
  }
  return state === 'PAID' || state === 'DISPUTED' ? state : 'CHECKING_OUT';
}

/** @param onlyOf the user to whom the order must belong; undefined if it may be anybody's */
export function belongs({ user_id }: { readonly user_id: string }, onlyOf: string | undefined): boolean {
  return onlyOf === undefined || user_id === onlyOf;
}
