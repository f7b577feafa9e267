import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { openExcess } from '../../shared/http/excess';

/** Keeps the event loop from doing anything else. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; ) {}
}

test('handles a few requests in each turn of the event loop', async () => {
  const excess = openExcess();
  let handled = 0;
  for (let i = 0; i < 100; i++) {
    excess.handleSoon(new Socket(), () => handled++);
  }
  expect(handled).toBe(0);
  await turn();
  expect(handled).toBe(20);
  await turn();
  expect(handled).toBe(40);
});

test('handles a thousand requests in a turn once they have waited for 250 ms, however long a turn takes', async () => {
  const excess = openExcess();
  let handled = 0;
  for (let i = 0; i < 3_000; i++) {
    excess.handleSoon(new Socket(), () => handled++);
  }
  let turns = 0;
  for (; handled < 3_000; turns++) {
    spin(100);
    await turn();
  }
  expect(turns).toBeLessThanOrEqual(6);
});

test('handles those who came back too soon after all others', async () => {
  const excess = openExcess();
  const order: string[] = [];
  const hasty = new Socket();
  excess.markRefused(hasty);
  excess.handleSoon(hasty, () => order.push('hasty'));
  spin(1_000);
  excess.handleSoon(new Socket(), () => order.push('patient'));
  while (order.length < 2) {
    await turn();
  }
  expect(order).toEqual(['patient', 'hasty']);
});
