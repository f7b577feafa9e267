import { classify, type Exchange } from '../../audit/history/history';
import type { Injection } from '../injections';

/** When a saga was opened and settled, by performance.now(). `end` is infinite while it is not settled. */
export interface Span {
  begin: number;
  end: number;
}

/** An injection, and how the shop recovered from it. */
export interface MeasuredInjection extends Injection {
  /** How many sagas were in flight when the fault was injected. */
  inFlight: number;
  /** Whether the fault counts, which it does when a saga was in flight. */
  counted: boolean;
  /** From the injection until all of these sagas had ended. */
  endedAfterMs?: number;
  /** From the injection until the first final answer to a checkout that was requested after it. */
  answeringAfterMs?: number;
}

/**
 * Computes which sagas each fault affected and how long the shop took to recover. It uses the sagas' own rows and the
 * history of requests, not observations made during the run.
 */
export function measureRecovery(
  injections: readonly Injection[],
  spans: readonly Span[],
  history: readonly Exchange[],
): MeasuredInjection[] {
  const byBegin = [...spans].sort((a, b) => a.begin - b.begin);
  const checkouts = history
    .filter((exchange) => isCheckout(exchange) && exchange.answered_at !== undefined && isFinal(exchange))
    .sort((a, b) => (a.answered_at ?? 0) - (b.answered_at ?? 0));
  return injections.map((injection) => {
    const { at } = injection;
    if (at === undefined) {
      return { ...injection, inFlight: 0, counted: false };
    }
    const inFlight = byBegin.filter(({ begin, end }) => begin <= at && end > at);
    const lastEnd = inFlight.reduce((last, { end }) => Math.max(last, end), at);
    let next = firstAnsweredAfter(checkouts, at);
    while ((checkouts[next]?.at ?? at) < at) {
      next++;
    }
    const checkout = checkouts[next];
    return {
      ...injection,
      inFlight: inFlight.length,
      counted: inFlight.length > 0,
      ...(inFlight.length > 0 && { endedAfterMs: lastEnd - at }),
      ...(checkout && { answeringAfterMs: (checkout.answered_at ?? at) - at }),
    };
  });
}

export function isCheckout({ request }: Exchange): boolean {
  return request.startsWith('POST /orders/checkout/');
}

export function isFinal(exchange: Exchange): boolean {
  return classify(exchange) !== 'unknown' && exchange.status !== 429;
}

/**
 * Returns the index of the first checkout that was answered after `at`.
 * @param checkouts sorted by `answered_at`
 */
function firstAnsweredAfter(checkouts: readonly Exchange[], at: number): number {
  let [low, high] = [0, checkouts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((checkouts[middle]?.answered_at ?? 0) > at) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
