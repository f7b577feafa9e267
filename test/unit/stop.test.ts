import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { OPEN } from '../../shared/access/access';
import { route } from '../../shared/http/route';
import { createHttpServer } from '../../shared/http/server';
import { silent } from '../support/silent';

const SLOW_MS = 2_500;
const slowRoute = route({
  method: 'GET',
  path: '/slow',
  audience: 'public',
  summary: 'Answers late',
  params: z.object({}),
  answers: { 200: z.object({}) },
  async handle() {
    await sleep(SLOW_MS);
    return { status: 200, body: {} };
  },
});

async function startServer() {
  const server = createHttpServer({
    routes: [slowRoute],
    log: silent,
    access: OPEN,
  });
  const port = await server.start({ host: '127.0.0.1', port: 0, variable: 'PORT' });
  return { server, port, url: `http://127.0.0.1:${port}` };
}

async function dial(port: number) {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (text) => {
    received += text;
  });
  await once(socket, 'connect');
  // The system resets a connection that is closed before its last bytes are read, which is a way to close it.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  return { socket, received: () => received, closed };
}

test('stops without waiting for a connection that has sent no request, or only half of one', async () => {
  const { server, port } = await startServer();
  const [silent, slow] = await Promise.all([dial(port), dial(port)]);
  slow.socket.write('GET /slow HT');
  await sleep(50);
  const began = performance.now();
  await server.stop(30_000);
  expect(performance.now() - began).toBeLessThan(5_000);
  await Promise.all([silent.closed, slow.closed]);
});

test('answers a request that arrives just as the server stops, and those that arrived before', async () => {
  const { server, port, url } = await startServer();
  const late = await dial(port);
  const early = fetch(`${url}/slow`);
  await sleep(100);
  const stopped = server.stop(30_000);
  await sleep(300);
  late.socket.write('GET /slow HTTP/1.1\r\nHost: test\r\n\r\n');
  expect((await early).status).toBe(200);
  await late.closed;
  expect(late.received()).toMatch(/^HTTP\/1\.1 200 /);
  await stopped;
});
