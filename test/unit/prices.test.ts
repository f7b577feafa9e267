import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { openPrices } from '../../order/src/http/prices';
import { TRACEPARENT } from '../support/events';

test('when stock does not answer, two hundred prices are waited for, and nobody waits for more', async () => {
  const stock = createServer(() => {}).listen(0, '127.0.0.1');
  await once(stock, 'listening');
  const prices = openPrices(`http://127.0.0.1:${(stock.address() as AddressInfo).port}`, 0);
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

test('a price is asked for again when a connection is lost, or answers nothing', async () => {
  const lost: Socket[] = [];
  const stock = createHttpServer((request, response) => {
    if (lost.push(request.socket) > 2) {
      response.end('{"price": 7}');
    } else if (lost.length === 1) {
      request.socket.destroy();
    }
  }).listen(0, '127.0.0.1');
  await once(stock, 'listening');
  const prices = openPrices(`http://127.0.0.1:${(stock.address() as AddressInfo).port}`);
  expect(await prices.get('item', TRACEPARENT)).toBe(7);
  expect(lost).toHaveLength(3);
  stock.close();
  stock.closeAllConnections();
});
