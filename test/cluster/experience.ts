import { tally } from '../../tools/support/tally';

/** What buyers notice while something is done to the shop, and what they may notice. */

/** A request of a buyer. Times are milliseconds of performance.now(). */
export interface Sent {
  readonly sentAt: number;
  readonly endedAt: number;
  /** Why it failed: an error of the server, turned away, or no answer. Undefined when it did not. */
  readonly failure?: string | undefined;
}

/** What buyers may notice. */
export interface Tolerance {
  /** The share of the requests that may fail. */
  readonly failed: number;
  /** After so many seconds no request that is sent may fail, and each is answered within that time. */
  readonly backWithinS: number;
}

/** What is done every day, such as a rollout. */
export const unnoticed: Tolerance = { failed: 0, backWithinS: 15 };
/** Other pods do the work of those that are lost. */
export const hardlyNoticed: Tolerance = { failed: 0.001, backWithinS: 15 };
/** What has only one replica is away while it starts again. */
export const shortOutage: Tolerance = { failed: 1, backWithinS: 15 };
/** What has only one copy of its data waits for it. Nothing wrong may be said, which the audit checks. */
export const outage: Tolerance = { failed: 1, backWithinS: Number.POSITIVE_INFINITY };

export interface Experience {
  readonly requests: number;
  readonly failed: number;
  /** How many requests failed in each way. */
  readonly failures: Readonly<Record<string, number>>;
  /** When the last request was sent that failed, in seconds after the beginning; 0 when none failed. */
  readonly failedUntilS: number;
  /** The longest time that a request took, in seconds. */
  readonly slowestS: number;
}

/** Returns what buyers noticed between two times. Requests that had been sent before, and were in flight, count. */
export function experienceOf(all: readonly Sent[], from: number, to: number): Experience {
  const requests = all.filter(({ sentAt, endedAt }) => endedAt >= from && sentAt <= to);
  const failed = requests.filter(({ failure }) => failure !== undefined);
  const latest = (times: number[]) => times.reduce((a, b) => Math.max(a, b), 0) / 1_000;
  return {
    requests: requests.length,
    failed: failed.length,
    failures: tally(failed.map(({ failure }) => failure ?? '')),
    failedUntilS: latest(failed.map(({ sentAt }) => sentAt - from)),
    slowestS: latest(requests.map(({ sentAt, endedAt }) => endedAt - sentAt)),
  };
}

/** Returns what they noticed and should not have. */
export function complaints(experience: Experience, tolerance: Tolerance): string[] {
  const { requests, failed, failedUntilS, slowestS } = experience;
  const { backWithinS } = tolerance;
  return [
    ...(failed > requests * tolerance.failed
      ? [`${failed} of ${requests} requests failed, and ${tolerance.failed * 100} % may`]
      : []),
    ...(failedUntilS > backWithinS
      ? [
          `a request failed that was sent after ${failedUntilS.toFixed(1)} s, and only the first ${backWithinS} s may`,
        ]
      : []),
    ...(slowestS > backWithinS
      ? [`a request took ${slowestS.toFixed(1)} s, and ${backWithinS} s are allowed`]
      : []),
  ];
}
