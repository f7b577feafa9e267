type Entry = readonly [key: string, amount: number];

/** Amounts added up by their keys, each sum at most 2^53 - 1: no row holds more, so that none can be asked for more. */
export function sumByKey(entries: readonly Entry[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, amount] of entries) {
    sums.set(key, Math.min((sums.get(key) ?? 0) + amount, Number.MAX_SAFE_INTEGER));
  }
  return sums;
}

/**
 * What a batch has taken and does not use. It takes first, of each row what is asked of it or what it has, and decides
 * afterwards who gets it (docs/decisions/0013).
 *
 * @param amounts.had what each row had before
 * @returns what must be given back, by key; nothing where all of it is used
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
