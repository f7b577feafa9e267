import type { Fault } from './faults/fault';
import type { Random } from './random';

export interface PlannedFault {
  /** Milliseconds from the start of the plan. */
  at: number;
  fault: Fault;
  /** Seeds the fault's own choices, so that they do not depend on what else has happened. */
  seed: number;
}

/**
 * In each round, a kind gets one turn for every four of its faults, rounded up: kinds with many faults come more often.
 */
const FAULTS_PER_TURN = 4;

/**
 * Plans which fault is injected when. Everything follows from the seed. The plan consists of shuffled rounds with a
 * turn for every kind, so each kind comes early and often. Within a kind, each fault comes once before any comes again.
 */
export function plan(
  faults: readonly Fault[],
  random: Random,
  { forMs, everyMs }: { forMs: number; everyMs: number },
): PlannedFault[] {
  const byKind = new Map<string, Fault[]>();
  for (const fault of faults) {
    byKind.set(fault.kind, [...(byKind.get(fault.kind) ?? []), fault]);
  }
  const unusedByKind = new Map<string, Fault[]>();
  const lastAt = new Map<string, number>();
  const planned: PlannedFault[] = [];
  let round: string[] = [];

  for (let at = gap(); at < forMs; at += gap()) {
    if (round.length === 0) {
      round = [...byKind].flatMap(([kind, ofKind]) =>
        Array<string>(Math.ceil(ofKind.length / FAULTS_PER_TURN)).fill(kind),
      );
    }
    const kind = random.take(round);
    const unused = unusedByKind.get(kind) ?? [];
    if (unused.length === 0) {
      unused.push(...(byKind.get(kind) ?? []));
    }
    unusedByKind.set(kind, unused);
    const fault = random.take(unused);
    const isTooSoon = at - (lastAt.get(kind) ?? Number.NEGATIVE_INFINITY) < (fault.minGapMs ?? 0);
    if (isTooSoon) {
      continue;
    }
    lastAt.set(kind, at);
    planned.push({ at, fault, seed: random.between(1, 2 ** 31 - 1) });
  }
  return planned;

  /** From half to one and a half of the mean: faults overlap, and do not all end at the same moment. */
  function gap(): number {
    return random.between(Math.floor(everyMs / 2), Math.ceil(everyMs * 1.5));
  }
}
