import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OrderUnavailable, openPurchases } from '../../catalog/src/http/purchases';

/** What catalog asks order, at an order that a test makes. */
const asker = { authorization: 'Bearer token', traceparent: '' };
const bought = { user_id: 'ann', item_id: 'lamp' };

async function withOrder(
  answers: ('true' | 'false' | 'closes' | 'fails')[],
  work: (url: string, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    const answer = answers.shift();
    if (answer === undefined || answer === 'closes') {
      request.socket.destroy();
    } else {
      response.statusCode = answer === 'fails' ? 503 : 200;
      response.end(JSON.stringify({ bought: answer === 'true' }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  server.closeAllConnections();
  server.close();
}

test('order is asked with what the voter has shown, and what was bought stays bought', () =>
  withOrder(['true'], async (url, asked) => {
    const purchases = openPurchases(url);
    expect(await purchases.has(bought, asker)).toBe(true);
    expect(await purchases.has(bought, asker)).toBe(true);
    expect(asked).toEqual(['/orders/bought/ann/lamp Bearer token']);
  }));

test('what was not bought is asked again, because it may be bought any moment', () =>
  withOrder(['false', 'true'], async (url) => {
    const purchases = openPurchases(url);
    expect(await purchases.has(bought, asker)).toBe(false);
    expect(await purchases.has(bought, asker)).toBe(true);
  }));

test('a connection that order closes is no answer, and order is asked once more', () =>
  withOrder(['closes', 'true'], async (url) => {
    expect(await openPurchases(url).has(bought, asker)).toBe(true);
  }));

test('an order that does not answer is unavailable', () =>
  withOrder(['closes', 'closes', 'fails', 'fails'], async (url) => {
    const purchases = openPurchases(url);
    await expect(purchases.has(bought, asker)).rejects.toThrow(OrderUnavailable);
    await expect(purchases.has(bought, asker)).rejects.toThrow(OrderUnavailable);
  }));
