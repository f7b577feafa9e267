import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChannelModel } from 'amqplib';
import { openConnection } from '../../../shared/rabbit/open';
import { type Broker, startBroker } from '../../../tools/chaos/rig/broker';

/** The broker of three nodes that chaos breaks. RabbitMQ 3 has one, and then there is little to see. */

let home: string;
let broker: Broker;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'chandlery-broker-nodes-'));
  broker = await startBroker(home, 3, () => {});
}, 180_000);
afterAll(() => {
  broker?.kill();
  rmSync(home, { recursive: true, maxRetries: 5, retryDelay: 100 });
});

/** Whoever knows it can make the nodes run any program, and every account of the machine reaches their ports. */
test('the nodes share a secret that nobody else can know', () => {
  const files = broker.ports.map((_, i) => join(home, `chandlery-${i + 1}`, 'rabbitmq/.erlang.cookie'));
  const secrets = new Set(files.map((file) => readFileSync(file, 'utf8')));
  expect([...secrets]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual(files.map(() => 0o400));
});

test('nobody is led to a node that has lost its data, before it has joined the others', async () => {
  if (broker.ports.length < 3) {
    return;
  }
  const before = [...broker.ports];
  const connection = await openConnection(broker.url());
  await (await connection.createChannel()).assertQueue('kept', { arguments: { 'x-queue-type': 'quorum' } });
  await connection.close();

  let isBack = false;
  const replaced = broker
    .replaceNode(1, () => {})
    .finally(() => {
      isBack = true;
    });
  const found = { kept: 0, lost: 0 };
  while (!isBack) {
    for (const port of broker.ports) {
      const answer = await hasQueue(broker.url(port));
      if (answer !== undefined) {
        found[answer ? 'kept' : 'lost']++;
      }
    }
  }
  await replaced;
  expect(found.kept).toBeGreaterThan(0);
  expect(found.lost).toBe(0);
  expect([...broker.ports].sort()).toEqual(before.sort());
}, 180_000);

/** Undefined when nobody answers. */
async function hasQueue(url: string): Promise<boolean | undefined> {
  let connection: ChannelModel | undefined;
  try {
    connection = await openConnection(url);
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.checkQueue('kept');
    return true;
  } catch (error) {
    return (error as Error).message.includes('NOT_FOUND') ? false : undefined;
  } finally {
    await connection?.close().catch(() => {});
  }
}
