import { simulate } from './simulate';

const RUNS = 20;

test(`every saga of ${RUNS} simulated shops ends, and no crash, loss, restore, lock, delay or duplicate breaks an invariant`, async () => {
  const totals: Record<string, number> = {};
  const started = performance.now();
  for (let seed = 1; seed <= RUNS; seed++) {
    const { sagas, outcomes, occurrences } = await simulate(seed);
    for (const [what, count] of Object.entries({ sagas, ...outcomes, ...occurrences })) {
      totals[what] = (totals[what] ?? 0) + count;
    }
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stderr.write(`simulation, ${seconds} s: ${JSON.stringify(totals)}\n`);
  // A simulation in which nothing goes wrong proves nothing.
  const often = { sagas: 20_000, paid: 2_000, out_of_stock: 1_000, insufficient_credit: 500, cancelled: 300 };
  const atLeast = { ...often, crash: 50, cut: 50, repeat: 100, loss: 50, purge: 50, lock: 50, races: 1_000 };
  const rarely = {
    lost_commits: 100,
    waits: 500,
    'restore of order': 1,
    'restore of payment': 1,
    'restore of stock': 1,
  };
  for (const [what, least] of Object.entries({ ...atLeast, ...rarely })) {
    expect([what, (totals[what] ?? 0) >= least]).toEqual([what, true]);
  }
});

test('the same seed gives the same run, effect by effect', async () => {
  const run = async () => {
    const effects: string[] = [];
    const figures = await simulate(7, { sagas: 300, onEffect: (effect) => effects.push(effect) });
    return { figures, effects };
  };
  const first = await run();
  expect(first.effects.length).toBeGreaterThan(1_000);
  expect(await run()).toEqual(first);
});
