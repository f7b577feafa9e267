import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { breakpoints } from '../../../tools/chaos/rig/breakpoints';
import { Link, withPort } from '../../../tools/chaos/rig/link';
import { freePorts } from '../../../tools/support/free-ports';
import { query } from '../../support/books';
import { createDatabase } from '../../support/servers';

let server: Server;
let link: Link;
let client: Socket;
let received: string;
/** How many chunks arrived. */
let chunks: number;

/** An echo server behind the link. */
beforeEach(async () => {
  const [target, port] = (await freePorts(2)) as [number, number];
  server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(target, '127.0.0.1', resolve));
  link = new Link('test', () => [target]);
  await link.open(port);
  client = connect({ port, noDelay: true });
  received = '';
  chunks = 0;
  client.on('error', () => {});
  client.on('data', (bytes) => {
    received += bytes;
    chunks++;
  });
  await once(client, 'connect');
});
afterEach(() => {
  client.destroy();
  link.close();
  server.close();
});

async function waitForText(text: string, withinMs = 2_000): Promise<void> {
  for (const end = Date.now() + withinMs; received !== text && Date.now() < end; ) {
    await sleep(5);
  }
  expect(received).toBe(text);
}

test('without conditions everything arrives, and when one side closes, the other is closed too', async () => {
  client.write('hello');
  await waitForText('hello');
  client.end();
  await once(client, 'close');
});

test('delays bytes in both directions, and keeps their order when the delay ends', async () => {
  link.setConditions({ up: { delayMs: 150 }, down: { delayMs: 150 } });
  client.write('one ');
  await sleep(30);
  link.setConditions({});
  client.write('two');
  await sleep(50);
  expect(received).toBe('');
  await waitForText('one two');
});

test('delivers sliced bytes completely, in many chunks', async () => {
  link.setConditions({ down: { sliced: true } });
  client.write('x'.repeat(200));
  await waitForText('x'.repeat(200));
  expect(chunks).toBeGreaterThan(5);
});

test('drops bytes in one direction silently, until the link is cut', async () => {
  link.setConditions({ down: { drop: true } });
  client.write('hello');
  await sleep(50);
  expect([received, client.destroyed]).toEqual(['', false]);
  const closed = new Promise((resolve) => client.once('close', resolve));
  link.cut();
  await closed;
});

test('pauses at the start of a message, with everything after it, and forwards all of it on resume', async () => {
  const breakpoint = { pattern: Buffer.from('stop'), lead: 1, pauses: 'up' } as const;
  const pausing = link.pauseAt(breakpoint, 1_000);
  client.write('go, !stop, ');
  const paused = await pausing;
  await paused?.blocked;
  client.write('later');
  await waitForText('go, ');
  await sleep(30);
  paused?.resume();
  await waitForText('go, !stop, later');
});

test('gives up a breakpoint that is not hit in time', async () => {
  const breakpoint = { pattern: Buffer.from('stop'), lead: 0, pauses: 'up' } as const;
  expect(await link.pauseAt(breakpoint, 20)).toBeUndefined();
  client.write('stop');
  await waitForText('stop');
});

test.each([
  ['before commit', []],
  ['after commit', [{ id: 'u' }]],
] as const)('a connection that is cut %s leaves the database as expected', async (name, expected) => {
  const url = await createDatabase('payment');
  const [port] = (await freePorts(1)) as [number];
  const toDatabase = new Link('database', () => [Number(new URL(url).port)]);
  await toDatabase.open(port);
  const writer = new Client(withPort(url, port));
  writer.on('error', () => {});
  await writer.connect();
  await writer.query('BEGIN');
  await writer.query(`INSERT INTO users (id) VALUES ('u')`);
  const pausing = toDatabase.pauseAt(breakpoints[name].breakpoint(), 1_000);
  const committing = writer.query('COMMIT').then(
    () => 'answered',
    () => 'lost',
  );
  const paused = await pausing;
  await paused?.blocked;
  paused?.cut();
  expect(await committing).toBe('lost');
  expect(await query(url, 'SELECT id FROM users')).toEqual(expected);
  toDatabase.close();
});
