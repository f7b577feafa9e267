/** The number with the highest throughput, and the throughput of each. */
export interface Best {
  best: number;
  perSecond: Record<number, number>;
}

/** Measures each number briefly, one after the other. If several are equal, the first is the best. */
export async function bestOf(
  numbers: readonly [number, ...number[]],
  measure: (number: number) => Promise<number>,
): Promise<Best> {
  const perSecond: Record<number, number> = {};
  for (const number of numbers) {
    perSecond[number] = await measure(number);
  }
  const throughput = (number: number) => perSecond[number] as number;
  return { best: numbers.reduce((a, b) => (throughput(b) > throughput(a) ? b : a)), perSecond };
}
