import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GetMessage } from 'amqplib';
import { queues } from '../../shared/contract/events';
import { BODIES } from './hostile/bodies';
import { EVENTS, event, type HostileMessage } from './hostile/events';
import { FORGERIES } from './hostile/forgeries';
import { FRAMING } from './hostile/framing';
import { REQUESTS } from './hostile/requests';
import { SLOW } from './hostile/slow';
import { Target } from './hostile/target';

/** Hostile messages, published directly to the queues of real processes. */
const FAMILIES: Record<string, HostileMessage[]> = { ...EVENTS, ...BODIES, ...FORGERIES };

let target: Target;
beforeAll(async () => {
  target = await Target.open();
});
afterAll(() => target.close());

async function send({ queue, body, options }: HostileMessage): Promise<void> {
  target.channel.sendToQueue(queue, Buffer.from(target.insertIds(body), 'latin1'), options);
  await target.channel.waitForConfirms();
}

async function takeDeadLetters(queue: string, count: number): Promise<GetMessage[]> {
  const deadLetters: GetMessage[] = [];
  while (deadLetters.length < count) {
    const deadLetter = await target.channel.get(`${queue}.dead`, { noAck: true });
    if (deadLetter) {
      deadLetters.push(deadLetter);
    } else {
      await sleep(10);
    }
  }
  return deadLetters;
}

/** Sends a message, waits until it is handled, and returns what is wrong with its dead letters. */
async function findFailures(message: HostileMessage): Promise<string[]> {
  const { parkedFrom = message.queue } = message;
  const before = message.duplicates ? await target.readCounter('saga_duplicates_total') : 0;
  await send(message);
  const deadLetters = await takeDeadLetters(parkedFrom, message.deadLetters);
  const expected = before + (message.duplicates ?? 0);
  while (message.duplicates && (await target.readCounter('saga_duplicates_total')) < expected) {
    await sleep(10);
  }
  return deadLetters.flatMap(({ content, properties: { headers = {} } }) => {
    const failure = (text: string) => `${message.name}: ${text}`;
    return [
      ...(headers['x-parked-from'] === parkedFrom
        ? []
        : [failure(`was parked from ${headers['x-parked-from']}`)]),
      ...(message.cause.test(headers['x-error'])
        ? []
        : [failure(`was parked with the error ${headers['x-error']}`)]),
      ...(content.length > 0 || message.body === '' ? [] : [failure('was parked without its body')]),
    ];
  });
}

describe.each(Object.entries(FAMILIES))('%s', (_, messages) => {
  test(`all ${messages.length} change nothing, and every bad one is parked with its reason`, async () => {
    const before = await target.readTables();
    const parkedBefore = await target.readCounter('saga_dead_lettered_total');
    for (const message of messages) {
      expect(await findFailures(message)).toEqual([]);
    }
    expect(await target.readTables()).toEqual(before);
    await target.assertHealthy();
    const lengths = queues.map((queue) => target.channel.checkQueue(`${queue}.dead`));
    expect((await Promise.all(lengths)).map(({ messageCount }) => messageCount)).toEqual(queues.map(() => 0));
    const deadLetters = messages.reduce((sum, message) => sum + message.deadLetters, 0);
    expect((await target.readCounter('saga_dead_lettered_total')) - parkedBefore).toBe(deadLetters);
  }, 120_000);
});

test('parks only the bad events of a batch', async () => {
  const saga_id = randomUUID();
  const expected = { deadLetters: 2, cause: /reservation is missing|expected object/ };
  const good = event('payment.rejected', { saga_id });
  const forged = event('payment.captured', { saga_id: randomUUID() });
  const body = JSON.stringify([good, forged, 7]);
  expect(await findFailures({ name: 'forged', queue: 'stock.settle', body, ...expected })).toEqual([]);
  const tombstone = 'SELECT state FROM reservations WHERE saga_id = $1';
  while ((await target.shop.rows('stock', tombstone, [saga_id])).length === 0) {
    await sleep(10);
  }
  expect(await target.shop.rows('stock', tombstone, [saga_id])).toEqual([{ state: 'RELEASED' }]);
  await target.assertHealthy();
});

test('at least 300 different inputs each are tried over HTTP and over AMQP', () => {
  const requests = Object.values({ ...FRAMING, ...REQUESTS, ...SLOW }).flat();
  const messages = Object.values(FAMILIES).flat();
  const different = new Set([
    ...requests.map(({ to, actions }) => JSON.stringify([to, actions])),
    ...messages.map(({ queue, body, options }) => JSON.stringify([queue, body, options])),
  ]);
  expect(different.size).toBe(requests.length + messages.length);
  expect(requests.length).toBeGreaterThanOrEqual(300);
  expect(messages.length).toBeGreaterThanOrEqual(300);
});
