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

/** Hostile messages, put straight into the queues of real processes. */
const FAMILIES: Record<string, HostileMessage[]> = { ...EVENTS, ...BODIES, ...FORGERIES };

let target: Target;
beforeAll(async () => {
  target = await Target.open();
});
afterAll(() => target.close());

async function send({ queue, body, options }: HostileMessage): Promise<void> {
  target.channel.sendToQueue(queue, Buffer.from(target.aimed(body), 'latin1'), options);
  await target.channel.waitForConfirms();
}

async function takeLetters(queue: string, count: number): Promise<GetMessage[]> {
  const letters: GetMessage[] = [];
  while (letters.length < count) {
    const letter = await target.channel.get(`${queue}.dead`, { noAck: true });
    if (letter) {
      letters.push(letter);
    } else {
      await sleep(10);
    }
  }
  return letters;
}

/** Sends a message, and returns what is wrong with what became of it. */
async function complaintsOf(message: HostileMessage): Promise<string[]> {
  const known = message.echoes ? await target.counted('saga_duplicates_total') : 0;
  await send(message);
  const letters = await takeLetters(message.queue, message.letters);
  while (message.echoes && (await target.counted('saga_duplicates_total')) < known + message.echoes) {
    await sleep(10);
  }
  return letters.flatMap(({ content, properties: { headers = {} } }) => {
    const wrong = (what: string) => `${message.name}: ${what}`;
    return [
      ...(headers['x-parked-from'] === message.queue ? [] : [wrong(`from ${headers['x-parked-from']}`)]),
      ...(message.cause.test(headers['x-error']) ? [] : [wrong(`says ${headers['x-error']}`)]),
      ...(content.length > 0 || message.body === '' ? [] : [wrong('is parked without its body')]),
    ];
  });
}

describe.each(Object.entries(FAMILIES))('%s', (_, messages) => {
  test(`${messages.length} of them change nothing, and what is bad is parked with its reason`, async () => {
    const before = await target.everything();
    const parked = await target.counted('saga_dead_lettered_total');
    for (const message of messages) {
      expect(await complaintsOf(message)).toEqual([]);
    }
    expect(await target.everything()).toEqual(before);
    await target.isWell();
    const lengths = queues.map((queue) => target.channel.checkQueue(`${queue}.dead`));
    expect((await Promise.all(lengths)).map(({ messageCount }) => messageCount)).toEqual(queues.map(() => 0));
    const letters = messages.reduce((sum, message) => sum + message.letters, 0);
    expect((await target.counted('saga_dead_lettered_total')) - parked).toBe(letters);
  }, 120_000);
});

test('a forged event among good ones is parked by itself', async () => {
  const saga_id = randomUUID();
  const letters = { letters: 2, cause: /reservation is missing|expected object/ };
  const good = event('payment.rejected', { saga_id });
  const forged = event('payment.captured', { saga_id: randomUUID() });
  const body = JSON.stringify([good, forged, 7]);
  expect(await complaintsOf({ name: 'forged', queue: 'stock.settle', body, ...letters })).toEqual([]);
  const tombstone = 'SELECT state FROM reservations WHERE saga_id = $1';
  while ((await target.shop.rows('stock', tombstone, [saga_id])).length === 0) {
    await sleep(10);
  }
  expect(await target.shop.rows('stock', tombstone, [saga_id])).toEqual([{ state: 'RELEASED' }]);
  await target.isWell();
});

test('at least 300 different inputs are tried, over HTTP and AMQP', () => {
  const requests = Object.values({ ...FRAMING, ...REQUESTS, ...SLOW }).flat();
  const messages = Object.values(FAMILIES).flat();
  const different = new Set([
    ...requests.map(({ to, acts }) => JSON.stringify([to, acts])),
    ...messages.map(({ queue, body, options }) => JSON.stringify([queue, body, options])),
  ]);
  expect(different.size).toBe(requests.length + messages.length);
  expect(requests.length).toBeGreaterThanOrEqual(300);
  expect(messages.length).toBeGreaterThanOrEqual(300);
});
