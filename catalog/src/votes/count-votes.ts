/** One vote. */
export interface Vote {
  readonly item_id: string;
  readonly user_id: string;
  /** 1 to 5. */
  readonly stars: number;
}

/** A vote that differs from the one before. */
export interface Change extends Vote {
  readonly before: number | null;
}

export interface CountedVotes {
  /** In the order in which they were given. */
  readonly changes: readonly Change[];
  /** Element i counts the votes with i + 1 stars, by item. */
  readonly counts: ReadonlyMap<string, readonly number[]>;
}

const keyOf = ({ item_id, user_id }: Vote) => `${item_id} ${user_id}`;

/**
 * Counts a batch of votes. Who votes again for the same product takes the vote before back, also within a batch.
 * @param counts of every item that is voted for, before the batch
 * @param known the votes that these users have given before
 */
export function countVotes(
  counts: ReadonlyMap<string, readonly number[]>,
  known: readonly Vote[],
  votes: readonly Vote[],
): CountedVotes {
  const current = new Map(known.map((vote) => [keyOf(vote), vote.stars]));
  const counted = new Map([...counts].map(([item, of]) => [item, [...of]]));
  const changes: Change[] = [];
  for (const vote of votes) {
    const { item_id, user_id, stars } = vote;
    const before = current.get(keyOf(vote)) ?? null;
    const of = counted.get(item_id);
    if (before === stars || of === undefined) {
      continue;
    }
    if (before !== null) {
      of[before - 1] = (of[before - 1] ?? 0) - 1;
    }
    of[stars - 1] = (of[stars - 1] ?? 0) + 1;
    current.set(keyOf(vote), stars);
    changes.push({ item_id, user_id, stars, before });
  }
  return { changes, counts: counted };
}
