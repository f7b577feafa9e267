import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, Server as NetServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { openListener } from '../../shared/http/listener';
import { exchange, statuses } from '../support/http-edge';

const ADDRESS = { host: '127.0.0.1', port: 0, variable: 'PORT' };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) {
    await end();
  }
});

async function start(server: Server, maxConnections?: number) {
  const listener = openListener(server, maxConnections);
  const port = await listener.start(ADDRESS);
  ends.push(() => listener.stop(0));
  return { port, stop: listener.stop };
}

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  ends.push(() => socket.destroy());
  return socket;
}

test('accepts fifty clients within a few turns of the event loop, however long a turn takes', async () => {
  let accepted = 0;
  const { port } = await start(createServer().on('connection', () => accepted++));
  const clients = Array.from({ length: 50 }, () => open(port));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  let turns = 0;
  for (; accepted < clients.length; turns++) {
    await turn();
  }
  expect(turns).toBeLessThan(25);
});

test('answers on every connection, and a stop waits for all that are being answered', async () => {
  let asked = 0;
  let answer = () => {};
  const gate = new Promise<void>((resolve) => (answer = resolve));
  const server = createServer(async (_, response) => {
    asked++;
    await gate;
    response.end();
  });
  const { port, stop } = await start(server);
  const request = 'GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
  const answers = Array.from({ length: 100 }, () => exchange(port, request));
  while (asked < answers.length) {
    await turn();
  }
  const stopped = stop(10_000);
  answer();
  expect((await Promise.all(answers)).flatMap(statuses)).toEqual(Array(100).fill(200));
  await stopped;
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow('fetch failed');
});

test('ends connections beyond its limit at once, and takes new ones as soon as others have ended', async () => {
  let accepted = 0;
  const server = createServer((_, response) => void response.end()).on('connection', () => accepted++);
  const { port } = await start(server, 20);
  const clients = Array.from({ length: 20 }, () => open(port));
  while (accepted < clients.length) {
    await turn();
  }
  const late = open(port).resume();
  await once(late, 'close');
  expect(clients.filter(({ closed }) => closed)).toEqual([]);
  const ended = clients.slice(0, 5).map((client) => once(client.end().resume(), 'close'));
  await Promise.all(ended);
  const request = 'GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
  expect(statuses(await exchange(port, request))).toEqual([200]);
});

test('listens on one socket where a port cannot be shared', async () => {
  const { listen } = NetServer.prototype;
  // As Node.js did before 22.12, which did not know the option.
  const alone = jest.spyOn(NetServer.prototype, 'listen').mockImplementation(function (
    this: NetServer,
    options: object,
  ) {
    return listen.call(this, { ...options, reusePort: false });
  } as never);
  const { port } = await start(createServer((_, response) => void response.end()));
  alone.mockRestore();
  const request = 'GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
  expect(statuses(await exchange(port, request))).toEqual([200]);
});

test('refuses a port on which another server of the same kind listens', async () => {
  const { port } = await start(createServer());
  await expect(openListener(createServer()).start({ ...ADDRESS, port })).rejects.toThrow(
    `Port ${port} is taken by another process`,
  );
});
