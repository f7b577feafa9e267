import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openSession } from '../../../shared/rabbit/session';
import type { ApiClient } from '../../support/api-client';
import type { Ended } from '../../support/run-program';
import { ShopProcesses } from '../../support/shop';
import { command } from './dead-letter-fixture';

let shop: ShopProcesses;
let api: ApiClient;
beforeAll(async () => {
  // No deadline gets in the way: only what the operator does ends a saga here.
  shop = await ShopProcesses.open({
    env: { order: { CANCEL_AFTER_MS: '600000' }, stock: { ASK_AFTER_MS: '600000' } },
  });
  api = shop.client();
});
afterEach(() => shop.balances());
afterAll(async () => {
  await api.close();
  await shop.close();
});

const run = (name: 'deadletters' | 'sagas', ...args: string[]): Promise<Ended> =>
  command(name, { ...shop.databases, amqp: shop.amqp }, ...args);
const json = async (name: 'deadletters' | 'sagas', ...args: string[]) =>
  JSON.parse((await run(name, ...args, '--json')).stdout);

/** Starts a checkout and does not wait for it. */
async function startCheckout(user: string, item: string): Promise<{ order: string; saga: string }> {
  const order = await api.order(user, { [item]: 1 });
  const { status, body } = await api.checkout(order, { Prefer: 'respond-async' });
  expect(status).toBe(202);
  return { order, saga: body.saga_id };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isTrue()); await sleep(50)) {
    if (Date.now() > end) {
      throw new Error(`it did not become true within 20 s: ${isTrue}`);
    }
  }
}

const stateOf = async (saga: string) => {
  const [row] = await shop.rows('order', 'SELECT state, reason FROM sagas WHERE id = $1', [saga]);
  return row;
};
const ended = (saga: string) => until(async () => (await stateOf(saga))?.state !== 'PENDING');
const inStock = (saga: string, state: string) =>
  until(async () => {
    const rows = await shop.rows('stock', 'SELECT state FROM reservations WHERE saga_id = $1', [saga]);
    return rows[0]?.state === state;
  });

test('a parked event is found by its saga and redriven once its cause is mended; a saga that waits behind it can be cancelled before', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 1)];
  await shop.rows(
    'payment',
    `CREATE FUNCTION jam() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN IF NEW.user_id = '${user}' THEN RAISE EXCEPTION 'the drawer is jammed'; END IF; RETURN NEW; END $$`,
  );
  await shop.rows(
    'payment',
    'CREATE TRIGGER jam BEFORE INSERT ON charges FOR EACH ROW EXECUTE FUNCTION jam()',
  );
  const first = await startCheckout(user, item);
  await inStock(first.saga, 'RESERVED');
  await until(async () => (await json('deadletters', 'list', '--saga', first.saga)).letters.length === 1);
  const second = await startCheckout(await api.user(10), item);
  await inStock(second.saga, 'WAITING');

  const listed = await run('sagas', 'list');
  expect(listed.stdout).toMatch(new RegExp(`${first.saga}  \\d+ s ago  PENDING  RESERVED  -`));
  expect(listed.stdout).toMatch(new RegExp(`${second.saga}  \\d+ s ago  PENDING  WAITING   -`));
  expect((await json('sagas', 'list', '--state', 'waiting')).sagas).toHaveLength(1);
  expect((await json('sagas', 'list', '--older-than', '1h')).sagas).toEqual([]);
  expect((await json('sagas', 'list', '--order', first.order)).sagas).toMatchObject([
    { saga_id: first.saga, order_id: first.order },
  ]);
  expect(await run('sagas', 'show', first.order)).toEqual({
    status: 1,
    stdout: '',
    stderr: `${first.order} is an order, not a saga. To see its sagas: npm run sagas -- list --order ${first.order}\n`,
  });

  const why = (await run('sagas', 'show', first.saga)).stdout;
  expect(why).toMatch(
    /payment\.charge could not handle stock\.reserved and parked it .*the drawer is jammed/,
  );
  const behind = (await run('sagas', 'show', second.saga)).stdout;
  expect(behind).toContain(`It wants 1 of item ${item}: 0 available, 1 reserved for undecided sagas`);

  const cancelled = await run(
    'sagas',
    'cancel',
    second.saga,
    '--reason',
    'the buyer called',
    '--actor',
    'ann',
  );
  expect(cancelled).toMatchObject({ status: 0, stderr: '' });
  await ended(second.saga);
  expect(await stateOf(second.saga)).toEqual({ state: 'FAILED', reason: 'cancelled' });
  expect(await stateOf(first.saga)).toMatchObject({ state: 'PENDING' });

  // The cause is still there, so the event comes back, as another dead letter with a history.
  const [deadLetter] = (await json('deadletters', 'list')).letters;
  expect(await run('deadletters', 'redrive', deadLetter.id)).toMatchObject({ status: 0 });
  await until(async () => (await json('deadletters', 'list')).letters.length === 1);
  const [again] = (await json('deadletters', 'list')).letters;
  expect(again.id).not.toBe(deadLetter.id);
  expect((await json('deadletters', 'show', again.id)).history).toMatchObject([
    { action: 'redrive', letter_id: deadLetter.id },
  ]);

  await shop.rows('payment', 'DROP TRIGGER jam ON charges');
  expect(await run('deadletters', 'redrive', '--all', '--queue', 'payment.charge')).toMatchObject({
    status: 0,
  });
  await ended(first.saga);
  expect(await stateOf(first.saga)).toEqual({ state: 'PAID', reason: null });
  await inStock(first.saga, 'COMMITTED');

  const timeline = (await run('sagas', 'show', first.saga)).stdout;
  for (const part of [
    'opened: order',
    'CAPTURED',
    'ledger: sale',
    'redrove dead letter',
    'Nothing. It is paid.',
  ]) {
    expect(timeline).toContain(part);
  }
  expect((await run('sagas', 'show', second.saga)).stdout).toContain(
    'ann asked payment to cancel it: the buyer called',
  );
});

test('a saga that stock has not handled, because it is down, is cancelled as soon as stock is up', async () => {
  const stock = shop.one('stock');
  const [user, item] = [await api.user(10), await api.item(1, 5)];
  const order = await api.order(user, { [item]: 1 });
  await shop.end(stock, 'SIGTERM');
  const saga = (await api.checkout(order, { Prefer: 'respond-async' })).body.saga_id;
  await until(async () =>
    (await run('sagas', 'show', saga)).stdout.includes('stock.reserve has 1 message: stock is not'),
  );

  await run('sagas', 'cancel', saga, '--reason', 'stock is down');
  await until(async () => {
    const rows = await shop.rows('payment', 'SELECT state FROM charges WHERE saga_id = $1', [saga]);
    return rows[0]?.state === 'CANCELLED';
  });
  expect(await stateOf(saga)).toMatchObject({ state: 'PENDING' });
  expect((await run('sagas', 'show', saga)).stdout).toMatch(
    /Payment cancelled it .*\(cancelled\)\. Stock has not handled that yet/,
  );

  shop.start(stock);
  await shop.ready();
  await ended(saga);
  expect(await stateOf(saga)).toEqual({ state: 'FAILED', reason: 'cancelled' });
  expect(await api.stock(item)).toBe(5);
  expect(await api.credit(user)).toBe(10);

  const late = await run('sagas', 'cancel', saga, '--reason', 'again');
  expect(late).toEqual({
    status: 1,
    stdout: '',
    stderr: `Saga ${saga} has already ended (FAILED, cancelled). Nothing was changed.\n`,
  });
  const actions = await shop.rows(
    'order',
    'SELECT actor, action, reason FROM operator_actions WHERE saga_ids = ARRAY[$1::uuid]',
    [saga],
  );
  expect(actions).toMatchObject([{ action: 'cancel', reason: 'stock is down' }]);
});

test('shows that a saga waits for payment, which is down, and a cancellation that comes too late changes nothing', async () => {
  const payment = shop.one('payment');
  const [user, item] = [await api.user(10), await api.item(1, 5)];
  const orders = [await api.order(user, { [item]: 1 }), await api.order(user, { [item]: 1 })];
  await shop.end(payment, 'SIGKILL');
  const sagas = await Promise.all(
    orders.map(
      async (order) => (await api.checkout(order, { Prefer: 'respond-async' })).body.saga_id as string,
    ),
  );
  for (const saga of sagas) {
    await inStock(saga, 'RESERVED');
  }
  // A row is deleted a moment after the broker has confirmed it.
  await until(async () => (await shop.rows('stock', 'SELECT FROM outbox')).length === 0);
  const [asked = '', left = ''] = sagas;
  expect((await run('sagas', 'show', left)).stdout).toMatch(
    /Payment has not decided yet\.\n.*payment\.charge has \d message/,
  );
  await run('sagas', 'cancel', asked, '--reason', 'stuck');

  shop.start(payment);
  await shop.ready();
  for (const saga of sagas) {
    await ended(saga);
  }
  // Payment decides by what it hears first, most likely stock. Either way, the request to cancel does no harm.
  const ends = [await stateOf(left), await stateOf(asked)];
  expect(ends[0]).toEqual({ state: 'PAID', reason: null });
  expect([null, 'cancelled']).toContain(ends[1]?.reason);
  expect(await api.credit(user)).toBe(10 - ends.filter((end) => end?.state === 'PAID').length);
});

test('ended sagas are listed by when they were opened, and not by when their orders were created', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const created = [await api.order(user, { [item]: 1 }), await api.order(user, { [item]: 1 })];
  for (const order of created.toReversed()) {
    expect((await api.checkout(order)).status).toBe(200);
  }
  const { sagas } = await json('sagas', 'list', '--state', 'PAID', '--limit', '2');
  expect(sagas.map(({ order_id }: { order_id: string }) => order_id)).toEqual(created);
});

test('a poison message is listed, explained and discarded, and the shop goes on', async () => {
  const forged = JSON.stringify([{ specversion: '1.0', type: 'payment.forgiven', data: {} }]);
  const session = await openSession(shop.amqp, 'a forger');
  await session.publish({
    exchange: '',
    routingKey: 'stock.settle',
    body: forged,
    contentType: 'application/json',
  });
  await session.close();
  await until(async () => (await json('deadletters', 'list')).letters.length === 1);
  const [deadLetter] = (await json('deadletters', 'list')).letters;
  expect(deadLetter).toMatchObject({ queue: 'stock.settle', sound: false });
  expect((await run('deadletters', 'show', deadLetter.id)).stdout).toContain('payment.forgiven');
  await run('deadletters', 'discard', deadLetter.id, '--reason', 'forged');
  expect((await json('deadletters', 'list')).letters).toEqual([]);
  const [user, item] = [await api.user(10), await api.item(1, 5)];
  expect((await api.checkout(await api.order(user, { [item]: 1 }))).status).toBe(200);
  const actions = await shop.rows('stock', `SELECT reason, detail ->> 'body' AS body FROM operator_actions`);
  expect(actions).toEqual([{ reason: 'forged', body: forged }]);
});
