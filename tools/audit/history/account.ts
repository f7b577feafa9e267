/**
 * What a balance may be, going by requests and their answers alone. A change that was acknowledged before the balance
 * was read is in it; one that was refused is not; one that was under way, or never answered, may be.
 */
export interface Change {
  delta: number;
  /** Changes of one group are one change that was asked for several times: it happens once at most. */
  group: string;
  sent: number;
  answered: number;
  outcome: 'done' | 'refused' | 'unknown';
  /** It may have been there for a while although it was refused in the end: units held for a checkout that failed. */
  passing?: boolean;
}

export interface Range {
  least: number;
  most: number;
}

/** The balances possible for a read that was sent and answered at these times. */
export function possibleBalance(
  start: number,
  changes: readonly Change[],
  sent: number,
  answered: number,
): Range {
  const range = { least: start, most: start };
  for (const group of grouped(changes)) {
    const [first] = group;
    const is = group.some((change) => change.outcome === 'done' && change.answered <= sent);
    const mayBe = group.some((change) => change.sent <= answered && isPossible(change, sent));
    if (first === undefined || !(is || mayBe)) {
      continue;
    }
    if (is || first.delta < 0) {
      range.least += first.delta;
    }
    if (is || first.delta > 0) {
      range.most += first.delta;
    }
  }
  return range;
}

function isPossible({ outcome, passing, answered }: Change, readSent: number): boolean {
  return outcome !== 'refused' || (passing === true && answered > readSent);
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
