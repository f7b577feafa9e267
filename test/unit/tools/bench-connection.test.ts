import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Connection } from '../../../tools/bench/load/connection';

/** The pieces of each request's answer, sent one after the other. null cuts the connection. */
let answers: (string | null)[][] = [];
let requests: string[] = [];
let sockets: Socket[] = [];

const server = createServer((socket) => {
  sockets.push(socket);
  socket.setNoDelay(true).on('error', () => {});
  socket.on('data', async (request) => {
    requests.push(String(request));
    for (const piece of answers.shift() ?? []) {
      if (piece === null) {
        return socket.destroy();
      }
      socket.write(piece);
      await new Promise(setImmediate);
    }
  });
});

let connection: Connection;
beforeEach(async () => {
  [answers, requests, sockets] = [[], [], []];
  await once(server.listen(0, '127.0.0.1'), 'listening');
  connection = new Connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  await connection.close();
  server.close();
});

const checkOut = (order: number) => new Promise<string>((resolve) => connection.checkOut(order, resolve));
const answer = (status: string, body: string, head = '') =>
  `HTTP/1.1 ${status}\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const refusal = answer('409 Conflict', JSON.stringify({ reason: 'out_of_stock', detail: 'Übrig: 0' }));

test('checks out one order after the other, and reports each status and the reason of a refusal', async () => {
  answers = [[answer('200 OK', '{}')], [refusal], [answer('503 Service Unavailable', 'no JSON')]];
  expect([await checkOut(1), await checkOut(2), await checkOut(3)]).toEqual([
    '200',
    '409 out_of_stock',
    '503',
  ]);
  expect(sockets).toHaveLength(1);
  expect(requests[1]).toMatch(/^POST \/orders\/checkout\/2 HTTP\/1\.1\r\n/);
});

test('reads an answer that comes in many pieces, or is longer than one read', async () => {
  const long = answer('409 Conflict', JSON.stringify({ detail: 'x'.repeat(10_000), reason: 'cancelled' }));
  answers = [[...refusal], [long], [answer('200 OK', '')]];
  expect([await checkOut(1), await checkOut(2), await checkOut(3)]).toEqual([
    '409 out_of_stock',
    '409 cancelled',
    '200',
  ]);
});

test('reports "lost" when the connection is cut, and opens another one for the next checkout', async () => {
  answers = [['HTTP/1.1 200 OK\r\nContent-Le', null], [answer('200 OK', '{}')]];
  expect([await checkOut(1), await checkOut(2)]).toEqual(['lost', '200']);
  expect(sockets).toHaveLength(2);
});

test('leaves a connection after "Connection: close"', async () => {
  answers = [[answer('200 OK', '{}', 'Connection: close\r\n')], [answer('200 OK', '{}')]];
  expect([await checkOut(1), await checkOut(2)]).toEqual(['200', '200']);
  expect(sockets).toHaveLength(2);
  const { sent, received } = connection.bytes();
  expect([sent, received]).toEqual([requests.join('').length, 2 * answer('200 OK', '{}').length + 19]);
});

test('reports "lost" when no server listens', async () => {
  server.close();
  expect(await checkOut(1)).toBe('lost');
});
