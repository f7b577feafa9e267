type Entry = readonly [key: string, amount: number];

/** Adds up amounts by key. Sums stop at 2^53 - 1: no row can have more, so more cannot be taken anyway. */
export function sumByKey(entries: readonly Entry[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, amount] of entries) {
    sums.set(key, Math.min((sums.get(key) ?? 0) + amount, Number.MAX_SAFE_INTEGER));
  }
  return sums;
}

/**
 * Returns what a batch took but does not use. A batch first takes from each row what was requested, or all that the row
 * has if that is less, and decides afterwards who gets it (docs/decisions/0013).
 *
 * @param amounts.had what each row had before
 * @returns what must be given back, by key; a key is left out when all of it is used
 */
export function surplus(amounts: {
  had: readonly Entry[];
  asked: ReadonlyMap<string, number>;
  used: readonly Entry[];
}): Entry[] {
  const used = sumByKey(amounts.used);
  return amounts.had.flatMap(([key, had]): Entry[] => {
    const left = Math.min(had, amounts.asked.get(key) ?? 0) - (used.get(key) ?? 0);
    return left > 0 ? [[key, left]] : [];
  });
}
