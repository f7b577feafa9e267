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
 * In each round, a kind gets one turn for every six of its faults, rounded up: kinds with many faults come more often.
 */
const FAULTS_PER_TURN = 6;

/**
 * Plans which fault is injected when. Everything follows from the seed. The plan consists of shuffled rounds with a
 * turn for every kind, so each kind comes early and often. Within a kind, each fault comes once before any comes again.
 * In the first round, the faults that last long come first, so that a short run has them, too.
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
  const kinds = [...byKind.values()].map((ofKind) => ({
    ofKind,
    unused: [] as Fault[],
    turns: Math.ceil(ofKind.length / FAULTS_PER_TURN),
    minGapMs: longest(ofKind.map(({ minGapMs }) => minGapMs)),
    lastsMs: longest(ofKind.map(({ lastsMs }) => lastsMs)),
    lastAt: Number.NEGATIVE_INFINITY,
  }));
  const isLong = ({ lastsMs }: (typeof kinds)[number]) => lastsMs > 0;
  const turnsOf = (some: typeof kinds) => some.flatMap((kind) => Array<typeof kind>(kind.turns).fill(kind));
  const first = turnsOf(kinds.filter(isLong));
  let round = turnsOf(kinds.filter((kind) => !isLong(kind)));
  const planned: PlannedFault[] = [];

  for (let at = gap(); at < forMs; at += gap()) {
    const fault = next(at);
    if (fault) {
      planned.push({ at, fault, seed: random.between(1, 2 ** 31 - 1) });
    }
  }
  return planned;

  /** Returns the fault whose turn it is. A kind that may not come now loses its turn. */
  function next(at: number): Fault | undefined {
    for (let tries = 2 * turnsOf(kinds).length; tries > 0; tries--) {
      if (first.length + round.length === 0) {
        round = turnsOf(kinds);
      }
      const kind = random.take(first.length > 0 ? first : round);
      if (at - kind.lastAt >= kind.minGapMs && at + kind.lastsMs <= forMs) {
        kind.lastAt = at;
        kind.unused = kind.unused.length === 0 ? [...kind.ofKind] : kind.unused;
        return random.take(kind.unused);
      }
    }
    return undefined;
  }

  /** From half to one and a half of the mean: faults overlap, and do not all end at the same moment. */
  function gap(): number {
    return random.between(Math.floor(everyMs / 2), Math.ceil(everyMs * 1.5));
  }
}

function longest(times: readonly (number | undefined)[]): number {
  return Math.max(0, ...times.map((time) => time ?? 0));
}
