import type { Restock } from '../../catalog/src/saga/restock';
import { exploreRestocks, type RestockBounds } from './restock-model';
import { type RestockRules, restockProtocol } from './restock-world';

/** Restocks in every order of events, with the services' own decisions. */

const restock = (id: string, item_id: string, given: Partial<Restock> = {}): Restock => ({
  ...{ id, item_id, quantity: 2, price: 5, state: 'REQUESTED', reason: null, traceparent: '' },
  ...given,
});
const most = Number.MAX_SAFE_INTEGER;
const twoOfOne = [restock('r1', 'lamp'), restock('r2', 'lamp', { quantity: 3 })];

const shops: Record<string, RestockBounds> = {
  'two products, one of them twice, and two events are lost for good': {
    restocks: [...twoOfOne, restock('r3', 'rope')],
    losses: 2,
  },
  'one product at two prices, and too much of it': {
    restocks: [
      restock('r1', 'lamp'),
      restock('r2', 'lamp', { price: 6 }),
      restock('r3', 'lamp', { quantity: most }),
    ],
    losses: 1,
  },
  'the database of stock returns to an earlier commit': { restocks: twoOfOne, losses: 1, restored: 'stock' },
  'the database of catalog returns to an earlier commit': {
    restocks: twoOfOne,
    losses: 1,
    restored: 'catalog',
  },
};

test.each(Object.entries(shops))('every restock is answered and added once: %s', async (name, bounds) => {
  const { states, restStates, violation } = await exploreRestocks(bounds);
  process.stderr.write(`model of restocks, ${name}: ${states} states\n`);
  expect(violation).toBeUndefined();
  expect(states).toBeGreaterThan(500);
  expect(restStates).toBeGreaterThan(5);
});

test.each<[string, Partial<RestockRules>, RegExp]>([
  ['a stock that forgets what it has added', { stock: 'forgets' }, /I11: item lamp has 4 units/],
  ['a catalog that lists before it has an answer', { catalog: 'lists at once' }, /lamp is listed/],
  ['a catalog that never asks', { asks: 'never' }, /I6: .* restock r1 has no answer/],
])('the model finds %s', async (_, broken, message) => {
  const bounds = { restocks: [restock('r1', 'lamp')], losses: 1 };
  const { violation } = await exploreRestocks(bounds, { ...restockProtocol, ...broken });
  expect(violation).toMatch(message);
});
