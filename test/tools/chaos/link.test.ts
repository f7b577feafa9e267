import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { Link } from '../../../tools/chaos/rig/link';
import { points } from '../../../tools/chaos/rig/points';
import { freePorts } from '../../../tools/support/ports';
import { query } from '../../support/books';
import { createDatabase } from '../../support/cluster';

let server: Server;
let link: Link;
let client: Socket;
let received: string;
/** How often something arrived. */
let pieces: number;

/** A server that answers with what it is told. */
beforeEach(async () => {
  const [target, port] = (await freePorts(2)) as [number, number];
  server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(target, '127.0.0.1', resolve));
  link = new Link('test', [target]);
  await link.open(port);
  client = connect({ port, noDelay: true });
  received = '';
  pieces = 0;
  client.on('error', () => {});
  client.on('data', (bytes) => {
    received += bytes;
    pieces++;
  });
  await once(client, 'connect');
});
afterEach(() => {
  client.destroy();
  link.close();
  server.close();
});

async function arrives(text: string, withinMs = 2_000): Promise<void> {
  for (const end = Date.now() + withinMs; received !== text && Date.now() < end; ) {
    await sleep(5);
  }
  expect(received).toBe(text);
}

test('in clear conditions everything arrives, and the end of one side is told to the other', async () => {
  client.write('hello');
  await arrives('hello');
  client.end();
  await once(client, 'close');
});

test('a delay holds bytes back, in both directions, and keeps their order when it ends', async () => {
  link.setConditions({ up: { delayMs: 150 }, down: { delayMs: 150 } });
  client.write('one ');
  await sleep(30);
  link.setConditions({});
  client.write('two');
  await sleep(50);
  expect(received).toBe('');
  await arrives('one two');
});

test('what is sliced arrives whole, in many pieces', async () => {
  link.setConditions({ down: { sliced: true } });
  client.write('x'.repeat(200));
  await arrives('x'.repeat(200));
  expect(pieces).toBeGreaterThan(5);
});

test('in one direction bytes are lost, and nobody is told until the link is cut', async () => {
  link.setConditions({ down: { lost: true } });
  client.write('hello');
  await sleep(50);
  expect([received, client.destroyed]).toEqual(['', false]);
  const closed = new Promise((resolve) => client.once('close', resolve));
  link.cut();
  await closed;
});

test('a message is frozen where it begins, with everything behind it, and goes on when it is released', async () => {
  const point = { pattern: Buffer.from('stop'), lead: 1, holds: 'up' } as const;
  const freezing = link.freezeAt(point, 1_000);
  client.write('go, !stop, ');
  const frozen = await freezing;
  await frozen?.holding;
  client.write('later');
  await arrives('go, ');
  await sleep(30);
  frozen?.release();
  await arrives('go, !stop, later');
});

test('a point that is not reached in time is given up', async () => {
  const point = { pattern: Buffer.from('stop'), lead: 0, holds: 'up' } as const;
  expect(await link.freezeAt(point, 20)).toBeUndefined();
  client.write('stop');
  await arrives('stop');
});

test.each([
  ['before commit', []],
  ['after commit', [{ id: 'u' }]],
] as const)('a connection cut %s leaves what PostgreSQL says it does', async (name, expected) => {
  const url = await createDatabase('payment');
  const [port] = (await freePorts(1)) as [number];
  const toDatabase = new Link('database', [Number(new URL(url).port)]);
  await toDatabase.open(port);
  const through = new URL(url);
  through.port = String(port);
  const writer = new Client(through.href);
  writer.on('error', () => {});
  await writer.connect();
  await writer.query('BEGIN');
  await writer.query(`INSERT INTO users (id) VALUES ('u')`);
  const freezing = toDatabase.freezeAt(points[name].point(), 1_000);
  const committing = writer.query('COMMIT').then(
    () => 'answered',
    () => 'lost',
  );
  const frozen = await freezing;
  await frozen?.holding;
  frozen?.cut();
  expect(await committing).toBe('lost');
  expect(await query(url, 'SELECT id FROM users')).toEqual(expected);
  toDatabase.close();
});
