import { once } from 'node:events';
import { connect } from 'node:net';
import { ShopProcesses } from '../support/shop';

test('garbage after a waiting checkout closes the connection without an answer, and the checkout succeeds', async () => {
  const shop = await ShopProcesses.open();
  const api = shop.client();
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 1 });
  const { hostname, port } = new URL(shop.one('order').url);

  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (data) => (received += data));
  socket.on('error', () => {});
  socket.write(`POST /orders/checkout/${order} HTTP/1.1\r\nHost: shop\r\n\r\n{"a":1}`);
  await once(socket, 'close');
  await shop.balances();

  expect(received).toBe('');
  expect((await api.get(`/orders/find/${order}`)).body.paid).toBe(true);
  await api.close();
  await shop.close();
});
