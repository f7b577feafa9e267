import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
