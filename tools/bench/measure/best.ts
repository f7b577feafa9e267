/** Which of several numbers gets the most through, and what each of them got through when it was tried. */
export interface Best {
  best: number;
  perSecond: Record<number, number>;
}

/** A short look at each number, one after the other. Of equals, the first is the best. */
export async function bestOf(
  numbers: readonly [number, ...number[]],
  look: (number: number) => Promise<number>,
): Promise<Best> {
  const perSecond: Record<number, number> = {};
  for (const number of numbers) {
    perSecond[number] = await look(number);
  }
  const seen = (number: number) => perSecond[number] as number;
  return { best: numbers.reduce((a, b) => (seen(b) > seen(a) ? b : a)), perSecond };
}
