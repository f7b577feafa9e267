import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { decodeBatch, MAX_EVENTS_PER_MESSAGE } from '../../shared/contract/cloudevents';
import type { SagaEvent } from '../../shared/contract/events';
import { type Outbox, openOutbox } from '../../shared/outbox/outbox';
import type { Tx } from '../../shared/postgres/tx';
import { paymentCaptured, paymentRejected, purchase, sagaId } from '../support/events';
import { silent } from '../support/silent';
import { until } from '../support/until';
import { type Replica, Wire } from '../support/wire';

let wire: Wire;
beforeAll(async () => {
  wire = await Wire.open('payment');
});
afterAll(() => wire.close());
afterEach(() => wire.reset('outbox'));

const captures = (count: number) => Array.from({ length: count }, (_, n) => paymentCaptured(purchase(n)));
const store = ({ database, outbox }: Replica, events: readonly SagaEvent[]) =>
  database.transaction((tx) => outbox.store(tx, events));
const sagasIn = async (queue: string, atLeast: number) =>
  (await wire.events(queue, atLeast)).map((event) => event.data.saga_id);
const everySaga = (count: number) => Array.from({ length: count }, (_, n) => sagaId(n));
const waitUntilEmpty = () => until(async () => (await wire.outboxSize()) === 0);

test('sends committed events to every queue that consumes them, and empties the outbox', async () => {
  const replica = await wire.replica();
  replica.outbox.publish(await store(replica, [paymentCaptured(purchase(1))]));
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(1)]);
  expect(await sagasIn('stock.settle', 1)).toEqual([sagaId(1)]);
  await waitUntilEmpty();
});

test('sends no event that was not committed', async () => {
  const { database, outbox } = await wire.replica();
  const failed = database.transaction(async (tx) => {
    await outbox.store(tx, captures(3));
    throw new Error('changed its mind');
  });
  await expect(failed).rejects.toThrow('changed its mind');
  expect(await wire.outboxSize()).toBe(0);
});

test('fills each message with events of one type, in order, up to the limit', async () => {
  const replica = await wire.replica();
  const [many, rejected] = [captures(MAX_EVENTS_PER_MESSAGE + 4), paymentRejected(purchase(999))];
  const rows = await store(replica, [...many.slice(0, 2), rejected, ...many.slice(2)]);
  const read = rows.map(({ routing_key, body }) =>
    decodeBatch(body, ['payment.captured', 'payment.rejected']).map((decoded) => {
      expect(decoded).toMatchObject({ event: { type: routing_key } });
      return 'event' in decoded ? decoded.event : undefined;
    }),
  );
  expect(read.map((events) => events.length)).toEqual([MAX_EVENTS_PER_MESSAGE, 4, 1]);
  expect(read.flat()).toEqual([...many, rejected]);
  const stored = await wire.query('SELECT id, routing_key, body FROM outbox ORDER BY id');
  expect(stored).toEqual(rows);
});

test('publishes from any replica what a crash between commit and publish left behind', async () => {
  await store(await wire.replica(), captures(3));
  await (await wire.replica()).outbox.close();
  await wire.age();
  expect(await sagasIn('order.settle', 3)).toEqual(everySaga(3));
  await waitUntilEmpty();
});

test('leaves fresh rows to the replica that committed them', async () => {
  const replica = await wire.replica();
  const rows = await store(replica, captures(1));
  await store(replica, [paymentCaptured(purchase(1))]);
  await wire.query(`UPDATE outbox SET tried_at = now() - interval '1 hour' WHERE id <> $1`, [rows[0]?.id]);
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(1)]);
  await until(async () => (await wire.outboxSize()) === 1);
  replica.outbox.publish(rows);
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(0)]);
  await waitUntilEmpty();
});

test('delivers a message, however many others have no queue', async () => {
  const replica = await wire.replica();
  const unroutable = 250;
  await wire.query(`INSERT INTO outbox (routing_key, body, tried_at)
                    SELECT 'payment.unroutable', '[]', now() - interval '1 hour' FROM generate_series(1, ${unroutable})`);
  await store(replica, [paymentCaptured(purchase(1))]);
  await wire.query(
    `UPDATE outbox SET tried_at = now() - interval '1 minute' WHERE routing_key = 'payment.captured'`,
  );
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(1)]);
  await until(async () => (await wire.outboxSize()) === unroutable);
});

test('a clock that is set back does not delay what was left in the outbox', async () => {
  const replica = await wire.replica();
  await store(replica, [paymentCaptured(purchase(3))]);
  await wire.query(`UPDATE outbox SET tried_at = now() + interval '1 hour'`);
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(3)]);
  await waitUntilEmpty();
});

test('keeps a message that the broker returns as unroutable, and sends it when its queue is bound again', async () => {
  const replica = await wire.replica();
  await wire.channel.unbindQueue('stock.settle', 'payment.events', 'payment.rejected');
  const rows = await store(replica, [paymentRejected(purchase(1)), paymentCaptured(purchase(2))]);
  replica.outbox.publish(rows.slice(0, 1));
  await wire.age();
  // One poll takes both, so once the second is gone the first has been tried.
  await until(async () => (await wire.query('SELECT FROM outbox WHERE id = $1', [rows[1]?.id])).length === 0);
  expect(await wire.query('SELECT id FROM outbox')).toEqual([{ id: rows[0]?.id }]);
  await wire.channel.bindQueue('stock.settle', 'payment.events', 'payment.rejected');
  expect(await sagasIn('stock.settle', 2)).toEqual([sagaId(2), sagaId(1)]);
  await waitUntilEmpty();
});

test('sends every message once, although several replicas poll', async () => {
  const [replica] = await Promise.all([wire.replica(), wire.replica(), wire.replica()]);
  for (const event of captures(250)) {
    await store(replica, [event]);
  }
  await wire.age();
  await waitUntilEmpty();
  expect((await sagasIn('order.settle', 250)).sort()).toEqual(everySaga(250));
});

test('sends a row that becomes visible after a later one', async () => {
  const replica = await wire.replica();
  await replica.database.transaction(async (tx) => {
    await replica.outbox.store(tx, [paymentCaptured(purchase(0))]);
    await store(replica, [paymentCaptured(purchase(1))]);
    await wire.age();
    expect(await sagasIn('order.settle', 1)).toEqual([sagaId(1)]);
    await waitUntilEmpty();
  });
  await wire.age();
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(0)]);
});

test('loses nothing when the broker is cut off while messages are being published', async () => {
  const replica = await wire.replica();
  for (const [n, event] of captures(120).entries()) {
    replica.outbox.publish(await store(replica, [event]));
    if (n === 40 || n === 80) {
      await wire.cut();
    }
  }
  const received = new Set<string>();
  await until(async () => {
    await wire.age();
    for (const saga of await sagasIn('order.settle', 0)) {
      received.add(saga);
    }
    return received.size === 120;
  });
  await waitUntilEmpty();
});

test('sends everything that was committed before the service stops', async () => {
  const replica = await wire.replica();
  for (const event of captures(50)) {
    replica.outbox.publish(await store(replica, [event]));
  }
  await replica.stop();
  expect(await wire.outboxSize()).toBe(0);
  expect(await sagasIn('order.settle', 50)).toHaveLength(50);
});

/** Longer than rows are left to the replica that committed them, and than a session of ours may be idle. */
const SLOW_MS = 4_000;

/** An outbox whose broker confirms every message late. */
async function slowly<T>({ database, publisher }: Replica, use: (outbox: Outbox) => Promise<T>): Promise<T> {
  const slow = {
    ...publisher,
    publish: (message: Parameters<typeof publisher.publish>[0]) =>
      publisher.publish(message).then(() => sleep(SLOW_MS)),
  };
  const outbox = openOutbox({ database, publisher: slow, log: silent });
  try {
    return await use(outbox);
  } finally {
    await outbox.close();
  }
}

test.each([
  [8, 'deletes'],
  [7, 'leaves to the timer'],
])('a transaction that finds %i confirmed messages %s them', async (count, what) => {
  const replica = await wire.replica();
  const { database } = replica;
  const ran: string[] = [];
  const spied = {
    ...database,
    transaction: <T>(work: (tx: Tx) => Promise<T>) =>
      database.transaction((tx) =>
        work({
          run: (statement, values) => {
            ran.push(statement.name);
            return tx.run(statement, values);
          },
          send: (statement, values) => tx.send(statement, values),
        }),
      ),
  };
  const publisher = { publish: async () => {}, isConnected: () => true, close: async () => {} };
  const rows = await Promise.all(captures(count).map((event) => store(replica, [event])));
  const outbox = openOutbox({ database: spied, publisher, log: silent });
  outbox.publish(rows.flat());
  await new Promise(setImmediate);
  await outbox.transaction(async () => ({ emit: [] }));
  expect(ran.includes('delete_outbox')).toBe(what === 'deletes');
  await waitUntilEmpty();
  await outbox.close();
});

test('sends what was left behind once, however slow the broker is to confirm it', async () => {
  const replica = await wire.replica();
  await replica.outbox.close();
  await store(replica, captures(1));
  await wire.age();
  await slowly(replica, waitUntilEmpty);
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(0)]);
});

test('leaves what another replica is publishing to it, however slow the broker is to confirm it', async () => {
  const [replica] = [await wire.replica(), await wire.replica()];
  await slowly(replica, async (outbox) => {
    outbox.publish(await store(replica, captures(1)));
    await waitUntilEmpty();
  });
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(0)]);
});

test('deletes a confirmed row that somebody has locked once it is free, and does not send it again', async () => {
  const replica = await wire.replica();
  const rows = await store(replica, captures(1));
  const stranger = new Client({ connectionString: wire.url });
  await stranger.connect();
  await stranger.query('BEGIN; SELECT FROM outbox FOR UPDATE');
  replica.outbox.publish(rows);
  expect(await sagasIn('order.settle', 1)).toEqual([sagaId(0)]);
  // Long enough for the row to be overdue.
  await sleep(3_000);
  await stranger.end();
  await waitUntilEmpty();
  expect(await sagasIn('order.settle', 0)).toEqual([]);
});
