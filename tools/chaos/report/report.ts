import type { Finding } from '../../audit/finding';
import { classify, type Exchange } from '../../audit/history/history';
import { isCheckout, isFinal, type Recovered, type Spread, spread } from '../verdict/recovery';

/** Everything that is to be known of a run; times are milliseconds from its beginning unless their name says otherwise. */
export interface Report {
  verdict: 'passed' | 'failed';
  /** What to give --seed for the same plan of faults. */
  seed: number;
  startedAt: string;
  options: { seconds: number; load: number; replicas: number; faults: string[] };
  /** What must not be and is: violated invariants, processes that ended by themselves, sagas that did not end in time. */
  findings: Finding[];
  deaths: string[];
  checkouts: {
    /** Orders that somebody tried to buy, requests for it, and how they were answered. */
    orders: number;
    requests: number;
    paid: number;
    refused: number;
    /** Answered 202: not decided within the time for which a request is held. */
    pending: number;
    /** Answered 429: not started. */
    overloaded: number;
    unknown: number;
    unknownShare: number;
    /** By status, or "silence" for a reset or no answer in time. */
    unknownBy: Record<string, number>;
    reasons: Record<string, number>;
    latencyMs: Spread;
  };
  /** Sagas that order has opened. */
  sagas: number;
  faults: {
    planned: number;
    struck: number;
    counted: number;
    kinds: Record<string, { struck: number; counted: number }>;
    failed: string[];
  };
  /** From the end of the last fault until nothing was in flight any more and every buyer had an answer. */
  endedAfterHealingMs: number;
  recoveryMs: { inFlightEnded: Spread; answeringAgain: Spread };
  duplicatesAbsorbed: number;
  poison: { given: number; parked: number };
  audited: { requests: number; checkouts: number; reads: number; orders: number; balances: number };
  strikes: Recovered[];
  seconds: Second[];
}

/** One second of the run. */
export interface Second {
  paid: number;
  refused: number;
  unknown: number;
  p50?: number;
  p99?: number;
}

export function summariseCheckouts(history: readonly Exchange[]): Report['checkouts'] {
  const checkouts = history.filter(isCheckout);
  const count = (which: (exchange: Exchange) => boolean) => checkouts.filter(which).length;
  const refused = checkouts.filter((it) => isFinal(it) && it.status !== 200);
  const unknown = checkouts.filter((it) => classify(it) === 'unknown' && it.status !== 202);
  return {
    orders: new Set(checkouts.map(({ request }) => request)).size,
    requests: checkouts.length,
    paid: count((it) => it.status === 200),
    refused: refused.length,
    pending: count((it) => it.status === 202),
    overloaded: count((it) => it.status === 429),
    unknown: unknown.length,
    unknownShare: unknown.length / Math.max(1, checkouts.length),
    unknownBy: tally(unknown.map(({ status }) => String(status ?? 'silence'))),
    reasons: tally(refused.map(({ status, body }) => String(body?.reason ?? status))),
    latencyMs: spread(checkouts.filter(isFinal).map((it) => (it.answered_at ?? 0) - it.at)),
  };
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export function summariseFaults(strikes: readonly Recovered[], planned: number): Report['faults'] {
  const kinds: Report['faults']['kinds'] = {};
  for (const { kind, at, counted } of strikes) {
    kinds[kind] ??= { struck: 0, counted: 0 };
    if (at !== undefined) {
      kinds[kind].struck++;
    }
    if (counted) {
      kinds[kind].counted++;
    }
  }
  return {
    planned,
    struck: strikes.filter(({ at }) => at !== undefined).length,
    counted: strikes.filter(({ counted }) => counted).length,
    kinds,
    failed: strikes.flatMap(({ name, failed }) => (failed === undefined ? [] : [`${name}: ${failed}`])),
  };
}

/**
 * What was answered in each second. A request that got no answer belongs to the second in which it was sent.
 * @param from when the first second begins
 */
export function bySecond(history: readonly Exchange[], from: number): Second[] {
  const seconds: (Second & { took: number[] })[] = [];
  const at = (ms: number) => {
    const number = Math.floor((ms - from) / 1000);
    while (seconds.length <= number) {
      seconds.push({ paid: 0, refused: 0, unknown: 0, took: [] });
    }
    return seconds[number] as (typeof seconds)[number];
  };
  for (const exchange of history.filter(isCheckout)) {
    const { at: sent, answered_at = sent, status } = exchange;
    const second = at(answered_at);
    if (!isFinal(exchange)) {
      if (status !== 202) {
        second.unknown++;
      }
      continue;
    }
    second[status === 200 ? 'paid' : 'refused']++;
    second.took.push(answered_at - sent);
  }
  return seconds.map(({ took, ...counts }) => {
    if (took.length === 0) {
      return counts;
    }
    const { p50, p99 } = spread(took);
    return { ...counts, p50: Math.round(p50), p99: Math.round(p99) };
  });
}
