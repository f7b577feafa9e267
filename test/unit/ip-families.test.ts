import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { openPrices } from '../../order/src/http/prices';
import { reasonOf } from '../../shared/errors';
import { createInternalServer } from '../../shared/http/internal-server';
import { openListener } from '../../shared/http/listener';
import { openDatabase } from '../../shared/postgres/database';
import { databaseCauseOf } from '../../shared/postgres/errors';
import { openConnection } from '../../shared/rabbit/open';
import { participantSettings, readConfig } from '../../shared/service/config';
import { TRACEPARENT } from '../support/events';
import { hasIpv6, loopbacks, nameBoth } from '../support/loopbacks';
import { silent } from '../support/silent';

/** IPv4, IPv6, and both at once: what listens, what is dialled, and what is said when nobody is there. */

const ends: (() => unknown)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const end of ends.splice(0)) {
    await end();
  }
});

const anywhere = { host: undefined, port: 0, variable: 'PORT' };
/** Loopback addresses as a URL has them: one of each family that this machine has. */
const literals = loopbacks.map((address) => [address] as const);

async function serve(server = createServer((_, response) => void response.end('{"price":5}'))) {
  const listener = openListener(server);
  ends.push(() => listener.stop(0));
  return { listener, port: await listener.start(anywhere) };
}

function open(port: number, host: string): Socket {
  const socket = connect(port, host).on('error', () => undefined);
  ends.push(() => socket.destroy());
  return socket;
}

test('without a HOST, a service answers on every address of the machine', async () => {
  const { HOST: host } = readConfig(participantSettings('stock').pick({ HOST: true }));
  expect(host).toBeUndefined();
  const { port } = await serve();
  const internal = createInternalServer({ checks: {}, log: silent });
  const internalPort = await internal.start(anywhere);
  ends.push(() => internal.stop());
  for (const address of loopbacks) {
    expect((await fetch(`http://${address}:${port}`)).status).toBe(200);
    expect((await fetch(`http://${address}:${internalPort}/livez`)).status).toBe(200);
  }
});

test('the connections of both families are spread over the sockets of a port', async () => {
  let accepted = 0;
  const { port } = await serve(createServer().on('connection', () => accepted++));
  const clients = Array.from({ length: 50 }, (_, i) => open(port, hasIpv6 && i % 2 ? '::1' : '127.0.0.1'));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  let turns = 0;
  for (; accepted < clients.length; turns++) {
    await turn();
  }
  expect(turns).toBeLessThan(25);
});

test('a port that somebody uses with one family only is taken', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  ends.push(() => other.close());
  const { port } = other.address() as AddressInfo;
  const listener = openListener(createServer());
  await expect(listener.start({ ...anywhere, port })).rejects.toThrow(`Port ${port} is taken`);
});

test('an address that is not of this machine is named as in a URL', async () => {
  const nowhere = { host: '2001:db8::1', port: 8_001, variable: 'PORT' };
  await expect(openListener(createServer()).start(nowhere)).rejects.toThrow(
    'Cannot listen on [2001:db8::1]:8001 (',
  );
});

test.each(literals)('addresses of stock, the database and the broker may be %s', async (address) => {
  const stock = await serve();
  const prices = openPrices(`http://${address}:${stock.port}`);
  await expect(prices.get('1', TRACEPARENT)).resolves.toBe(5);

  const connected: (string | undefined)[] = [];
  const server = createTcpServer((socket) => {
    connected.push(socket.remoteFamily);
    socket.destroy();
  }).listen(0);
  await once(server, 'listening');
  ends.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = new Client({ connectionString: `postgresql://order:secret@${address}:${port}/order` });
  await client.connect().catch(() => undefined);
  await openConnection(`amqp://order:secret@${address}:${port}`).catch(() => undefined);
  expect(connected).toHaveLength(2);
});

test('a database whose name has two addresses, and that is down, cannot be reached, and the reason names both', async () => {
  nameBoth('order-db-rw');
  const url = 'postgresql://order@order-db-rw:1/order';
  const database = openDatabase({ name: 'test', url, poolSize: 1, log: silent });
  ends.push(() => database.close());
  const second = hasIpv6 ? 'connect ECONNREFUSED ::1:1' : '::1:1';
  await expect(database.ready()).rejects.toThrow(
    new RegExp(`no session: connect ECONNREFUSED 127.0.0.1:1, .*${second}`),
  );
  // Prisma reads with the pool, and recognizes an error of a socket.
  const error = await database.pool.connect().catch((error) => error);
  expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', errno: expect.any(Number) });
  expect(databaseCauseOf(error)).toBeUndefined();
});

test('the reason of an error is its message, or those of its parts, or its code', () => {
  expect(reasonOf(new Error('gone'))).toBe('gone');
  expect(reasonOf(new AggregateError([new Error('one'), new Error('two')]))).toBe('one, two');
  expect(reasonOf(Object.assign(new Error(), { code: 'EPIPE' }))).toBe('EPIPE');
  expect(reasonOf('text')).toBe('text');
});
