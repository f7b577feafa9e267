/**
 * Computes what a balance may be, from requests and their answers alone. It includes a change that was acknowledged
 * before the balance was read, and excludes a refused one. A change in flight, or never answered, may be in it or not.
 */
export interface Change {
  delta: number;
  /** All changes of a group are the same change, requested several times. It happens once at most. */
  group: string;
  sent: number;
  answered: number;
  outcome: 'done' | 'refused' | 'unknown';
  /** A refused change that may have been visible for a while: units that were reserved for a checkout that failed. */
  isTemporary?: boolean;
}

export interface Range {
  least: number;
  most: number;
}

/** Returns which balances are possible for a read that was sent and answered at these times. */
export function possibleBalance(
  start: number,
  changes: readonly Change[],
  sent: number,
  answered: number,
): Range {
  const range = { least: start, most: start };
  for (const group of grouped(changes)) {
    const [first] = group;
    const isIn = group.some((change) => change.outcome === 'done' && change.answered <= sent);
    const mayBeIn = group.some((change) => change.sent <= answered && isPossible(change, sent));
    if (first === undefined || !(isIn || mayBeIn)) {
      continue;
    }
    if (isIn || first.delta < 0) {
      range.least += first.delta;
    }
    if (isIn || first.delta > 0) {
      range.most += first.delta;
    }
  }
  return range;
}

function isPossible({ outcome, isTemporary, answered }: Change, readSent: number): boolean {
  return outcome !== 'refused' || (isTemporary === true && answered > readSent);
}

function grouped(changes: readonly Change[]): Change[][] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const group = groups.get(change.group);
    if (group) {
      group.push(change);
    } else {
      groups.set(change.group, [change]);
    }
  }
  return [...groups.values()];
}
