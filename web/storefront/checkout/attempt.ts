import { keep, readKept } from '../../client/kept';
import { createStore } from '../../client/store';
import type { Line } from '../basket/basket';

/**
 * A purchase from the press of the button to its end. It is kept in the browser, so that a page that is closed and opened
 * again goes on with the same order: nothing is bought twice.
 */
export interface Attempt {
  /** Every request of the purchase is named after it, so that the shop knows a request that it has had before. */
  readonly id: string;
  readonly userId: string;
  readonly lines: readonly Line[];
  readonly orderId?: string;
  /** How often the shop has said no for certain. Each further payment is another request. */
  readonly refusals: number;
  /** What the shop called the last payment that it refused. */
  readonly refusedSaga?: string | undefined;
  /** Whether a payment was sent whose outcome is not known. */
  readonly isSent: boolean;
}

const KEPT_AS = 'purchase';

export const keptAttempt = (): Attempt | undefined => readKept<Attempt>(KEPT_AS);

export function keepAttempt(attempt: Attempt | undefined): void {
  keep(KEPT_AS, attempt);
}

/** Goes on with the purchase of the same things, or begins another one. */
export function attemptFor(userId: string, lines: readonly Line[]): Attempt {
  const kept = keptAttempt();
  return kept?.userId === userId && isSame(kept.lines, lines)
    ? kept
    : { id: crypto.randomUUID(), userId, lines, refusals: 0, isSent: false };
}

function isSame(some: readonly Line[], others: readonly Line[]): boolean {
  const text = (lines: readonly Line[]) =>
    JSON.stringify(lines.map(({ item_id, quantity }) => [item_id, quantity]).sort());
  return text(some) === text(others);
}

export type StepName = 'till' | 'order' | 'lines' | 'payment' | 'waiting';
/** A step is unsure if nobody can say yet whether it was done. */
export type StepState = 'open' | 'running' | 'unsure' | 'done' | 'failed';

export interface Step {
  readonly name: StepName;
  readonly state: StepState;
  /** What is being done right now, in words. */
  readonly detail?: string | undefined;
}

/** How a purchase ended, or where it stands. */
export type Result =
  | { readonly kind: 'paid'; readonly orderId: string; readonly total: number }
  /** The shop said no: nothing was paid. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly detail: string;
      /** Which payment was refused. */
      readonly sagaId?: string | undefined;
    }
  /** The shop did not begin with it. */
  | { readonly kind: 'busy'; readonly seconds: number }
  /** The request has not arrived, as far as can be seen. It can be sent again. */
  | { readonly kind: 'not arrived' };

/** What the page shows of the purchase. */
export interface Progress {
  readonly attempt: Attempt;
  readonly steps: readonly Step[];
  readonly isRunning: boolean;
  readonly result?: Result | undefined;
}

/** There is one purchase at a time. It goes on when its page is left. */
export const progress = createStore<Progress | undefined>(undefined);
