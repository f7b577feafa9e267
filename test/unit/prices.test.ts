import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { openPrices } from '../../order/src/http/prices';
import { TRACEPARENT } from '../support/events';

test('when stock does not answer, two hundred prices are waited for, and nobody waits for more', async () => {
  const stock = createServer(() => {}).listen(0, '127.0.0.1');
  await once(stock, 'listening');
  const prices = openPrices(`http://127.0.0.1:${(stock.address() as AddressInfo).port}`);
  const refused: string[] = [];
  const asked = Array.from({ length: 300 }, (_, i) =>
    prices.get(`item-${i}`, TRACEPARENT).catch((error: Error) => refused.push(error.message)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(refused).toEqual(Array(100).fill('200 requests wait for stock already'));
  await Promise.all(asked);
  expect(refused.slice(100)).toEqual(Array(200).fill('could not read a price from stock'));
  stock.close();
});
