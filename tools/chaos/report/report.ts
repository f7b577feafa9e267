import type { Finding } from '../../audit/finding';
import { classify, type Exchange } from '../../audit/history/history';
import { tally } from '../../support/tally';
import type { RestoreReport } from '../restore/restore';
import {
  isCheckout,
  isFinal,
  type MeasuredInjection,
  type Percentiles,
  percentiles,
} from '../verdict/recovery';

/**
 * The result of a run, as --json writes it. Times are milliseconds from the start of the load, unless their name says
 * otherwise.
 */
export interface Report {
  verdict: 'passed' | 'failed';
  /** Run again with this --seed to get the same plan of faults. */
  seed: number;
  startedAt: string;
  options: { seconds: number; load: number; replicas: number; faults: string[] };
  /** Violated invariants, sagas that did not end in time, and wrong dead letters. */
  findings: Finding[];
  /** Processes that ended unexpectedly, each with the end of its log. */
  deaths: string[];
  checkouts: {
    /** Orders that were checked out, the requests for that, and how these were answered. */
    orders: number;
    requests: number;
    paid: number;
    refused: number;
    /** Answered 202: the saga did not end within the time that a request may wait. */
    pending: number;
    /** Answered 429: not started. */
    overloaded: number;
    unknown: number;
    unknownShare: number;
    /** By status, or "silence" for a reset or no answer in time. */
    unknownBy: Record<string, number>;
    reasons: Record<string, number>;
    latencyMs: Percentiles;
  };
  /** Sagas that order opened. */
  sagas: number;
  faults: {
    planned: number;
    /** Faults that were injected: they found something to break. */
    struck: number;
    /** Faults that were injected while a saga was in flight. */
    counted: number;
    kinds: Record<string, { struck: number; counted: number }>;
    /** Faults that could not be injected or ended, and why. */
    failed: string[];
    /** What the rig has mended, as a runbook tells an operator to. */
    mended: string[];
    /** Faults that this machine cannot have, and why. */
    leftOut: string[];
  };
  /** From the end of the last fault until nothing was in flight and every buyer had a final answer. */
  endedAfterHealingMs: number;
  recoveryMs: { inFlightEnded: Percentiles; answeringAgain: Percentiles };
  duplicatesAbsorbed: number;
  /** Poison messages that the broker confirmed, and dead letters. */
  poison: { given: number; parked: number };
  audited: { requests: number; checkouts: number; reads: number; orders: number; balances: number };
  /** One entry for each database that was restored after the faults had been judged. */
  restores: RestoreReport[];
  /** One entry for each planned fault. */
  strikes: MeasuredInjection[];
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
  const count = (predicate: (exchange: Exchange) => boolean) => checkouts.filter(predicate).length;
  const refused = checkouts.filter((checkout) => isFinal(checkout) && checkout.status !== 200);
  const unknown = checkouts.filter((checkout) => classify(checkout) === 'unknown' && checkout.status !== 202);
  return {
    orders: new Set(checkouts.map(({ request }) => request)).size,
    requests: checkouts.length,
    paid: count(({ status }) => status === 200),
    refused: refused.length,
    pending: count(({ status }) => status === 202),
    overloaded: count(({ status }) => status === 429),
    unknown: unknown.length,
    unknownShare: unknown.length / Math.max(1, checkouts.length),
    unknownBy: tally(unknown.map(({ status }) => String(status ?? 'silence'))),
    reasons: tally(refused.map(({ status, body }) => String(body?.reason ?? status))),
    latencyMs: percentiles(checkouts.filter(isFinal).map(({ at, answered_at = 0 }) => answered_at - at)),
  };
}

export function summariseFaults(
  injections: readonly MeasuredInjection[],
  planned: number,
): Omit<Report['faults'], 'leftOut'> {
  const kinds: Report['faults']['kinds'] = {};
  for (const { kind, at, counted } of injections) {
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
    struck: injections.filter(({ at }) => at !== undefined).length,
    counted: injections.filter(({ counted }) => counted).length,
    kinds,
    failed: injections.flatMap(({ name, failed }) => (failed === undefined ? [] : [`${name}: ${failed}`])),
    mended: injections.flatMap(({ name, mended }) => (mended === undefined ? [] : [`${name}: ${mended}`])),
  };
}

/**
 * Counts the answers of each second. A request without an answer belongs to the second in which it was sent.
 * @param from when the first second begins, by performance.now()
 */
export function bySecond(history: readonly Exchange[], from: number): Second[] {
  const seconds: (Second & { latenciesMs: number[] })[] = [];
  const at = (ms: number) => {
    const number = Math.floor((ms - from) / 1000);
    while (seconds.length <= number) {
      seconds.push({ paid: 0, refused: 0, unknown: 0, latenciesMs: [] });
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
    second.latenciesMs.push(answered_at - sent);
  }
  return seconds.map(({ latenciesMs, ...counts }) => {
    if (latenciesMs.length === 0) {
      return counts;
    }
    const { p50, p99 } = percentiles(latenciesMs);
    return { ...counts, p50: Math.round(p50), p99: Math.round(p99) };
  });
}
