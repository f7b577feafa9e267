import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Load } from '../../../tools/bench/load/load';

/** How many connections a test has opened. */
let connections = 0;
/** Connections that wait for their first answer, and the highest number of them. */
const unanswered = new Set<Socket>();
let maxUnanswered = 0;

// On a busy machine a connection is idle for longer than the default, five seconds, and would be opened again.
const server = createServer({ keepAliveTimeout: 60_000 }, ({ socket }, response) => {
  setTimeout(() => {
    unanswered.delete(socket);
    response.end();
  }, 50);
});
server.on('connection', (socket) => {
  connections++;
  maxUnanswered = Math.max(maxUnanswered, unanswered.add(socket).size);
});

let load: Load;
let urls: string[];
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  urls = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
  load = Load.start();
});
beforeEach(() => {
  unanswered.clear();
  [connections, maxUnanswered] = [0, 0];
});
afterAll(async () => {
  await load.stop();
  server.close();
});

test.each([
  ['a closed loop', undefined],
  ['an open loop', 5_000],
])('opens the 2048 connections of %s at most 512 at a time', async (_, perSecond) => {
  const end = 50_000;
  const request = { urls, connections: 2_048, first: 0, end, warmUpMs: 100, forMs: 300, perSecond };
  const { used, answers, allAnswers, seconds } = await load.run(request);
  expect(connections).toBeGreaterThanOrEqual(perSecond ? 1_536 : 2_048);
  expect(connections).toBeLessThanOrEqual(2_048);
  expect(maxUnanswered).toBeLessThanOrEqual(512);
  expect(allAnswers).toEqual({ '200': used });
  expect(answers['200']).toBeLessThan(used);
  expect(seconds).toBeGreaterThanOrEqual(0.25);
});

test('checks out every order once when there are fewer orders than connections', async () => {
  const request = { urls, connections: 2_048, first: 100, end: 700, warmUpMs: 0, forMs: 10_000 };
  const { used, allAnswers } = await load.run(request);
  expect([used, allAnswers]).toEqual([600, { '200': 600 }]);
  expect(connections).toBe(600);
});
