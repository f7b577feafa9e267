import type { Fault } from './faults/fault';
import type { Random } from './random';

export interface Planned {
  /** Milliseconds from the beginning. */
  at: number;
  fault: Fault;
  /** What the fault's own choices are made from, so that they do not depend on what else has happened. */
  seed: number;
}

/** Of kinds with many members more than one is dealt in a round. */
const MEMBERS_A_CARD = 4;

/**
 * Which fault strikes when, all of it from the seed. Faults are dealt in rounds of every kind, so that each kind comes
 * early and often, and within a kind each member comes before any comes again.
 */
export function plan(
  faults: readonly Fault[],
  random: Random,
  { forMs, everyMs }: { forMs: number; everyMs: number },
): Planned[] {
  const byKind = new Map<string, Fault[]>();
  for (const fault of faults) {
    byKind.set(fault.kind, [...(byKind.get(fault.kind) ?? []), fault]);
  }
  const decks = new Map<string, Fault[]>();
  const last = new Map<string, number>();
  const planned: Planned[] = [];
  let round: string[] = [];

  for (let at = gap(); at < forMs; at += gap()) {
    if (round.length === 0) {
      round = [...byKind].flatMap(([kind, all]) =>
        Array<string>(Math.ceil(all.length / MEMBERS_A_CARD)).fill(kind),
      );
    }
    const kind = random.take(round);
    const deck = decks.get(kind) ?? [];
    if (deck.length === 0) {
      deck.push(...(byKind.get(kind) ?? []));
    }
    decks.set(kind, deck);
    const fault = random.take(deck);
    const rested = at - (last.get(kind) ?? Number.NEGATIVE_INFINITY) >= (fault.restMs ?? 0);
    if (!rested) {
      continue;
    }
    last.set(kind, at);
    planned.push({ at, fault, seed: random.between(1, 2 ** 31 - 1) });
  }
  return planned;

  /** Between half of the mean and half more than it: faults overlap, and their ends do not fall together. */
  function gap(): number {
    return random.between(Math.floor(everyMs / 2), Math.ceil(everyMs * 1.5));
  }
}
