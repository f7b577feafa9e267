import { classify, type Exchange } from '../../audit/history/history';
import type { Strike } from '../strikes';

/** When a saga was opened and settled, by performance.now(); `end` is infinite for one that is not. */
export interface Span {
  begin: number;
  end: number;
}

export interface Recovered extends Strike {
  /** Sagas in flight at the strike; the fault counts if there was one. */
  inFlight: number;
  counted: boolean;
  /** From the strike until all of these had ended. */
  endedAfterMs?: number;
  /** From the strike until somebody who asked for a checkout after it had a final answer. */
  answeringAfterMs?: number;
}

/** Works out from the books, and not from what was seen while it happened, whom each fault met and how long it hurt. */
export function recoveries(
  strikes: readonly Strike[],
  spans: readonly Span[],
  history: readonly Exchange[],
): Recovered[] {
  const byBegin = [...spans].sort((one, other) => one.begin - other.begin);
  const checkouts = history
    .filter((exchange) => isCheckout(exchange) && exchange.answered_at !== undefined && isFinal(exchange))
    .sort((one, other) => (one.answered_at ?? 0) - (other.answered_at ?? 0));
  return strikes.map((strike) => {
    const { at } = strike;
    if (at === undefined) {
      return { ...strike, inFlight: 0, counted: false };
    }
    const met = byBegin.filter(({ begin, end }) => begin <= at && end > at);
    const lastEnd = met.reduce((last, { end }) => Math.max(last, end), at);
    let next = firstAfter(checkouts, at);
    while ((checkouts[next]?.at ?? at) < at) {
      next++;
    }
    const later = checkouts[next];
    return {
      ...strike,
      inFlight: met.length,
      counted: met.length > 0,
      ...(met.length > 0 && { endedAfterMs: lastEnd - at }),
      ...(later && { answeringAfterMs: (later.answered_at ?? at) - at }),
    };
  });
}

export function isCheckout({ request }: Exchange): boolean {
  return request.startsWith('POST /orders/checkout/');
}

export function isFinal(exchange: Exchange): boolean {
  return classify(exchange) !== 'unknown' && exchange.status !== 429;
}

/** The first of the checkouts that was answered after this; they are sorted by it. */
function firstAfter(checkouts: readonly Exchange[], at: number): number {
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

export interface Spread {
  p50: number;
  p99: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
