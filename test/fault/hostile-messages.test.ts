import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import type { ApiClient } from '../support/api-client';
import { Shop } from '../support/shop';

let shop: Shop;
let api: ApiClient;
let connection: ChannelModel;
let channel: Channel;
beforeAll(async () => {
  shop = await Shop.open();
  api = shop.client();
  connection = await connect(shop.amqp);
  channel = await connection.createChannel();
});
afterAll(async () => {
  for (const queue of QUEUES) await channel.purgeQueue(`${queue}.dead`);
  await shop.balances();
  await connection.close();
  await api.close();
  await shop.close();
});

const QUEUES = ['stock.reserve', 'stock.settle', 'payment.charge', 'order.settle'];
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const captured = (saga_id: string) => ({
  specversion: '1.0',
  type: 'payment.captured',
  traceparent,
  data: { saga_id, order_id: 'forged', amount: 1 },
});

const MALFORMED: Record<string, string | Buffer> = {
  'nothing at all': '',
  'no JSON': '{"specversion":',
  'no array': '{"specversion":"1.0"}',
  'bytes that are no text': Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  'an unknown version': JSON.stringify([{ ...captured(randomUUID()), specversion: '9.9' }]),
  'an unknown type': JSON.stringify([{ ...captured(randomUUID()), type: 'payment.forgiven' }]),
  'no saga': JSON.stringify([{ ...captured(randomUUID()), data: {} }]),
  'an amount that is no number': JSON.stringify([{ ...captured(randomUUID()), data: { amount: '1e9' } }]),
  'a type this queue does not hear': JSON.stringify([
    {
      specversion: '1.0',
      type: 'order.checkout_requested',
      traceparent,
      data: {
        saga_id: randomUUID(),
        order_id: 'o',
        user_id: 'u',
        amount: 1,
        lines: [{ item_id: 'i', quantity: 1 }],
      },
    },
  ]),
  'a megabyte of zeros': Buffer.alloc(1_048_576),
};

async function parked(queue: string): Promise<{ body: string; headers: Record<string, unknown> }> {
  for (;;) {
    const message = await channel.get(`${queue}.dead`, { noAck: true });
    if (message) return { body: message.content.toString(), headers: message.properties.headers ?? {} };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function aCheckoutStillWorks(): Promise<void> {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
}

test.each(Object.entries(MALFORMED))(
  'a message of %s is parked with its error, and the queue moves on',
  async (_, body) => {
    channel.sendToQueue('stock.settle', Buffer.from(body));
    const letter = await parked('stock.settle');
    expect(letter.headers['x-parked-from']).toBe('stock.settle');
    expect(letter.headers['x-error']).not.toBe('');
    await aCheckoutStillWorks();
  },
);

test('a capture for a saga that stock never heard of changes nothing and is parked as a broken invariant', async () => {
  const saga = randomUUID();
  channel.sendToQueue('stock.settle', Buffer.from(JSON.stringify([captured(saga)])));
  const letter = await parked('stock.settle');
  expect(letter.headers['x-error-code']).toBe('INVARIANT_VIOLATED');
  expect(letter.body).toContain(saga);
  await aCheckoutStillWorks();
});

test('a forged event among good ones is parked by itself', async () => {
  const item = await api.item(1, 10);
  const [saga, forged] = [randomUUID(), randomUUID()];
  const rejected = {
    ...captured(saga),
    type: 'payment.rejected',
    data: { saga_id: saga, order_id: 'o', user_id: 'u', amount: 1, reason: 'cancelled' },
  };
  channel.sendToQueue('stock.settle', Buffer.from(JSON.stringify([rejected, captured(forged), 7])));
  const letters = [(await parked('stock.settle')).body, (await parked('stock.settle')).body].sort();
  expect(letters[0]).toBe('[7]');
  expect(letters[1]).toContain(forged);
  const tombstones = await shop.rows('stock', 'SELECT state FROM reservations WHERE saga_id = $1', [saga]);
  expect(tombstones).toEqual([{ state: 'RELEASED' }]);
  expect(await api.stock(item)).toBe(10);
});

test('an outcome for a saga that order never opened is ignored', async () => {
  channel.sendToQueue('order.settle', Buffer.from(JSON.stringify([captured(randomUUID())])));
  await aCheckoutStillWorks();
  expect((await channel.checkQueue('order.settle.dead')).messageCount).toBe(0);
});
