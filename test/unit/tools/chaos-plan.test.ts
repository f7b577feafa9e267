import { expect, test } from '@jest/globals';
import type { Exchange } from '../../../tools/audit/history/history';
import { faults, kinds, slug } from '../../../tools/chaos/faults/index';
import { Random } from '../../../tools/chaos/random';
import { plan } from '../../../tools/chaos/schedule';
import { recoveries } from '../../../tools/chaos/verdict/recovery';

const schedule = { forMs: 600_000, everyMs: 850 };
const planOf = (seed: number) => plan(faults, new Random(seed), schedule);

test('every fault has a name of its own, and every kind a name that can be typed', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  for (const kind of kinds) {
    expect(kind).toMatch(/^[a-z0-9-]+$/);
  }
});

test('the same seed makes the same plan, and another seed another', () => {
  const told = (seed: number) => planOf(seed).map(({ at, fault, seed }) => `${at} ${fault.name} ${seed}`);
  expect(told(7)).toEqual(told(7));
  expect(told(7)).not.toEqual(told(8));
});

test.each([1, 2, 3])(
  'seed %i: in ten minutes more than 640 faults, every one of them more than once',
  (seed) => {
    const planned = planOf(seed);
    expect(planned.length).toBeGreaterThan(640);
    for (const fault of faults) {
      expect(planned.filter((one) => one.fault === fault).length).toBeGreaterThan(1);
    }
  },
);

test.each([1, 2, 3])(
  'seed %i: every kind strikes within 40 seconds, and those that need rest get it',
  (seed) => {
    const planned = planOf(seed);
    const early = planned.filter(({ at }) => at < 40_000).map(({ fault }) => slug(fault.kind));
    expect(new Set(early)).toEqual(new Set(kinds));
    for (const [i, { at, fault }] of planned.entries()) {
      const next = planned.slice(i + 1).find((later) => later.fault.kind === fault.kind);
      if (next) {
        expect(next.at - at).toBeGreaterThanOrEqual(next.fault.restMs ?? 0);
      }
    }
  },
);

test('a fault counts if a saga was in flight, and has recovered when all of these have ended', () => {
  const strike = { name: 'a', kind: 'b' };
  const spans = [
    { begin: 0, end: 100 },
    { begin: 50, end: 400 },
    { begin: 150, end: 900 },
  ];
  const checkout = (at: number, answered_at: number, status: number): Exchange => ({
    at,
    answered_at,
    status,
    request: 'POST /orders/checkout/1',
  });
  const history = [checkout(60, 130, 200), checkout(110, 120, 503), checkout(105, 300, 409)];
  expect(recoveries([{ ...strike, at: 100 }, { ...strike, at: 950 }, strike], spans, history)).toEqual([
    { ...strike, at: 100, inFlight: 1, counted: true, endedAfterMs: 300, answeringAfterMs: 200 },
    { ...strike, at: 950, inFlight: 0, counted: false },
    { ...strike, inFlight: 0, counted: false },
  ]);
});
