import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { openDatabase } from '../../shared/postgres/database';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { openEdge, openServiceEdge, routesOf, type ServiceEdge } from '../support/http-edge';
import { nameBoth } from '../support/loopbacks';
import { createDatabase } from '../support/servers';
import { silent } from '../support/silent';
import { until } from '../support/until';

const now = statement<{ now: Date }>('', 'SELECT now()');
const read = (tx: Tx) => tx.run(now);
const overloaded = { code: 'OVERLOADED', message: 'too many transactions wait for a database connection' };

/** Uses up the connections of a database until it is released. */
function occupy(database: ServiceEdge['database'], connections: number): () => Promise<void> {
  // Not in a transaction, because the server ends one that is idle.
  const held = Array.from({ length: connections }, () => database.pool.connect());
  return async () => {
    for (const client of await Promise.all(held)) {
      client.release();
    }
  };
}

test('a pool refuses at once what is beyond its bound, and serves all that wait', async () => {
  const database = openDatabase({
    name: 'test',
    url: await createDatabase('stock'),
    poolSize: 1,
    log: silent,
  });
  const release = occupy(database, 1);
  const waiting = Array.from({ length: 499 }, () => database.transaction(read));
  await until(() => database.pool.waitingCount === 499 || database.pool.isBusy());
  await expect(database.transaction(read)).rejects.toMatchObject(overloaded);
  await expect(database.pool.query('SELECT 1')).rejects.toMatchObject(overloaded);
  await release();
  expect(await Promise.all(waiting)).toHaveLength(499);
  expect(await database.transaction(read)).toHaveLength(1);
  await database.close();
});

test('a pool refuses at once when those before have waited for long', async () => {
  const database = openDatabase({
    name: 'test',
    url: await createDatabase('stock'),
    poolSize: 1,
    log: silent,
  });
  await database.ready();
  const release = occupy(database, 1);
  const waiting = Array.from({ length: 110 }, () => database.transaction(read));
  await until(() => database.pool.isBusy());
  await expect(database.transaction(read)).rejects.toMatchObject(overloaded);
  await release();
  await Promise.all(waiting);
  await database.close();
});

test('requests are told that the connections are in use, and not that the database cannot be reached', async () => {
  const database = openDatabase({
    name: 'test',
    url: await createDatabase('payment'),
    poolSize: 1,
    log: silent,
  });
  const edge = await openEdge(routesOf('payment', database));
  const release = occupy(database, 1);
  const waiting = Array.from({ length: 110 }, () => database.transaction(read));
  await until(() => database.pool.isBusy());
  for (const [method, path] of [
    ['GET', '/payment/find_user/1'],
    ['POST', '/payment/create_user'],
  ] as const) {
    expect(await edge.call(method, path)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { reason: 'overloaded', detail: expect.stringContaining('connections that they share') },
    });
  }
  await release();
  await Promise.all(waiting);
  expect((await edge.get('/payment/find_user/1')).status).toBe(404);
  await edge.close();
  await database.close();
});

test('a request whose turn never comes is told that the connections are in use', async () => {
  const edge = await openServiceEdge('payment');
  const release = occupy(edge.database, 8);
  const answers = await Promise.all([edge.get('/payment/find_user/1'), edge.post('/payment/create_user')]);
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, body: { reason: 'overloaded' } });
  }
  await release();
  await edge.close();
});

test('when the database accepts connections and never answers, everybody is told that it cannot be reached', async () => {
  const silence = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => silence.once('listening', resolve));
  const { port } = silence.address() as AddressInfo;
  const url = `postgresql://payment@127.0.0.1:${port}/payment`;
  const database = openDatabase({ name: 'test', url, poolSize: 2, log: silent });
  const edge = await openEdge(routesOf('payment', database));
  const transactions = Array.from({ length: 110 }, () => database.transaction(read));
  const requests = [
    ...Array.from({ length: 5 }, () => edge.get('/payment/find_user/1')),
    ...Array.from({ length: 5 }, () => edge.post('/payment/create_user')),
  ];
  await sleep(1_000);
  requests.push(edge.post('/payment/create_user'));
  for (const transaction of await Promise.allSettled(transactions)) {
    expect(transaction).toMatchObject({ reason: { code: 'DATABASE_UNAVAILABLE', cause: expect.any(Error) } });
  }
  for (const answer of await Promise.all(requests)) {
    expect(answer).toMatchObject({ status: 503, body: { reason: 'unavailable' } });
    expect(answer.body.detail).toContain('cannot reach its database');
  }
  await edge.close();
  await database.close();
  silence.close();
}, 30_000);

test('when the database has two addresses and answers at neither, everybody is told that it cannot be reached', async () => {
  nameBoth('payment-db-rw');
  const url = 'postgresql://payment@payment-db-rw:1/payment';
  const database = openDatabase({ name: 'test', url, poolSize: 2, log: silent });
  const edge = await openEdge(routesOf('payment', database));
  for (const answer of [await edge.get('/payment/find_user/1'), await edge.post('/payment/create_user')]) {
    expect(answer).toMatchObject({ status: 503, body: { reason: 'unavailable' } });
    expect(answer.body.detail).toContain('cannot reach its database');
  }
  await edge.close();
  await database.close();
  jest.restoreAllMocks();
});

test.each([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
])(
  'when no connection can be made because of %s, everybody is told that the database cannot be reached',
  async (code) => {
    const url = 'postgresql://stock@127.0.0.1:1/stock';
    const database = openDatabase({ name: 'test', url, poolSize: 2, log: silent });
    const edge = await openEdge(routesOf('stock', database));
    const connect = jest
      .spyOn(pg.Pool.prototype, 'connect')
      .mockImplementation(() =>
        Promise.reject(Object.assign(new Error(`connect ${code}`), { code, errno: -1, syscall: 'connect' })),
      );
    for (const answer of [await edge.get('/stock/find/1'), await edge.post('/stock/item/create/1')]) {
      expect(answer).toMatchObject({ status: 503, body: { reason: 'unavailable' } });
      expect(answer.body.detail).toContain('cannot reach its database');
    }
    connect.mockRestore();
    await edge.close();
    await database.close();
  },
);
