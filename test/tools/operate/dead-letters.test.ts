import { setTimeout as sleep } from 'node:timers/promises';
import { queues } from '../../../shared/contract/events';
import { declaredQueues } from '../../../shared/rabbit/topology';
import { describeDeadLetter } from '../../../tools/operate/dead-letter-report';
import { listDeadLetters, type ShownDeadLetter, showDeadLetter } from '../../../tools/operate/dead-letters';
import { discardDeadLetters } from '../../../tools/operate/discard';
import { redriveDeadLetters } from '../../../tools/operate/redrive';
import type { Selection } from '../../../tools/operate/visit-dead-letters';
import { query } from '../../support/books';
import { paymentCaptured, purchase, sagaId } from '../../support/events';
import { DeadLetterFixture } from './dead-letter-fixture';

let fixture: DeadLetterFixture;
beforeAll(async () => {
  fixture = await DeadLetterFixture.open();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.close());

const everything: Selection = { queues, limit: 100 };
const operator = { actor: 'ann', reason: 'the printer is mended' };
const redriving = { ...operator, dryRun: false, rate: 1_000 };
const captured = (n: number) => paymentCaptured(purchase(n));
const list = async (selection = everything) => (await listDeadLetters(fixture.shop, selection)).letters;
const idOf = async () => (await list())[0]?.id ?? 'none';

describe('reading', () => {
  test('lists a parked event with its queue, its saga and its error', async () => {
    const error = Object.assign(new Error('no such thing'), { code: 'E42' });
    await fixture.parkEvent('stock.settle', captured(1), error);
    expect(await list()).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        queue: 'stock.settle',
        error_code: 'E42',
        error: 'no such thing',
        events: [{ type: 'payment.captured', saga_id: sagaId(1), order_id: 'order-1' }],
        sound: true,
      }),
    ]);
  });

  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['no JSON', '{"saga_id":'],
    ['no text', Buffer.from([0xff, 0x00, 0xfe])],
    ['no events', '[7,null,[],{"data":7},{"type":7,"data":{"saga_id":"none"}}]'],
    [
      'an event that the queue does not handle',
      JSON.stringify([{ specversion: '1.0', ...captured(1), type: 'stock.rejected' }]),
    ],
  ])('lists a message of %s as not sound, and shows it unchanged', async (_, body) => {
    await fixture.park('stock.settle', body);
    const [deadLetter] = await list();
    expect(deadLetter).toMatchObject({ queue: 'stock.settle', sound: false, size: body.length });
    const shown = await showDeadLetter(fixture.shop, deadLetter?.id ?? '', queues);
    expect(Buffer.from(shown?.body ?? '', shown?.encoding)).toEqual(Buffer.from(body));
  });

  const body = Buffer.from(JSON.stringify([{ specversion: '1.0', ...captured(1) }]));
  test.each<[string, RegExp, () => Promise<unknown>]>([
    [
      'REJECTED',
      /^a consumer rejected it without an error of ours/,
      async () => {
        fixture.channel.sendToQueue('order.settle', body);
        fixture.channel.nack(await fixture.take('order.settle'), false, false);
      },
    ],
    [
      'EXPIRED',
      /^it waited in its queue for longer than a time limit allows/,
      async () => {
        fixture.channel.sendToQueue('order.settle', body, { expiration: 1 });
      },
    ],
    [
      'MAXLEN',
      /^its queue was full and dropped it/,
      async () => {
        // Our own queues refuse new messages when they are full.
        const declared = declaredQueues.find(({ name }) => name === 'order.settle')?.arguments;
        const drops = {
          'x-max-length': 1,
          'x-overflow': 'drop-head',
          'x-dead-letter-strategy': 'at-most-once',
        };
        await fixture.channel.assertQueue('crowded', { arguments: { ...declared, ...drops } });
        fixture.channel.sendToQueue('crowded', body);
        fixture.channel.sendToQueue('crowded', Buffer.from('another'));
        await fixture.expectLength('order.settle.dead', 1);
        await fixture.channel.deleteQueue('crowded');
      },
    ],
    [
      'DELIVERY_LIMIT',
      /^the broker delivered it as often as the queue allows, and it always came back/,
      async () => {
        fixture.channel.sendToQueue('order.settle', body);
        while ((await fixture.channel.checkQueue('order.settle.dead')).messageCount === 0) {
          await fixture.takeAndVanish('order.settle');
        }
      },
    ],
  ])('says what it means that the broker gave up on a message: %s', async (code, meaning, die) => {
    await die();
    await fixture.expectLength('order.settle.dead', 1);
    const [deadLetter] = await list();
    expect(deadLetter).toMatchObject({
      queue: 'order.settle',
      error_code: code,
      error: expect.stringMatching(meaning),
      advice: expect.stringContaining('redrive it'),
      sound: true,
    });
    expect(Math.abs(Date.parse(deadLetter?.parked_at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('says so when it does not know the reason for which the broker gave up on a message', async () => {
    const time = { '!': 'timestamp', value: 1_800_000_000 };
    const headers = { 'x-death': [{ reason: 'bored', time, count: 1, queue: 'order.settle' }] };
    fixture.channel.sendToQueue('order.settle.dead', body, { headers });
    await fixture.expectLength('order.settle.dead', 1);
    expect(await list()).toMatchObject([
      {
        error_code: 'BORED',
        error: 'the broker gave up on it for a reason that this program does not know (bored)',
        parked_at: '2027-01-15T08:00:00.000Z',
      },
    ]);
    const shown = (await showDeadLetter(fixture.shop, await idOf(), queues)) as ShownDeadLetter;
    expect(describeDeadLetter(shown, new Date())).toContain(
      "To do        Look the reason up in RabbitMQ's documentation",
    );
  });

  test('changes neither dead letters nor their ids, and can be repeated without losing one', async () => {
    for (const n of [1, 2, 3]) {
      await fixture.parkEvent('payment.charge', captured(n));
    }
    const ids = async () => (await list()).map((deadLetter) => deadLetter.id).sort();
    const first = await ids();
    for (let i = 0; i < 25; i++) {
      expect(await ids()).toEqual(first);
    }
    await fixture.expectLength('payment.charge.dead', 3);
    // RabbitMQ 4 drops a message that was returned 20 times.
    const message = await fixture.take('payment.charge.dead');
    expect(message.properties.headers?.['x-delivery-count'] ?? 0).toBeLessThan(20);
    fixture.channel.nack(message);
  });

  test('finds the dead letters of one queue, or of one saga, up to a limit', async () => {
    for (const n of [1, 2, 3]) {
      await fixture.parkEvent('stock.settle', captured(n));
    }
    await fixture.parkEvent('order.settle', captured(2));
    expect(await list({ queues: ['order.settle'], limit: 9 })).toHaveLength(1);
    expect(await list({ queues, sagaId: sagaId(2), limit: 9 })).toHaveLength(2);
    expect(await listDeadLetters(fixture.shop, { queues, limit: 2 })).toMatchObject({
      selected: 2,
      seen: 2,
      total: 4,
    });
  });
});

describe('redriving', () => {
  test('puts a dead letter back into its queue, says so in its headers, and records who did it', async () => {
    await fixture.parkEvent('stock.settle', captured(1));
    const id = await idOf();
    const { letters } = await redriveDeadLetters(fixture.shop, { ...everything, ids: [id] }, redriving);
    expect(letters.map((deadLetter) => deadLetter.id)).toEqual([id]);
    await fixture.expectLength('stock.settle.dead', 0);
    const message = await fixture.take('stock.settle');
    fixture.channel.ack(message);
    expect(message.properties.headers).toMatchObject({
      'x-redriven': 1,
      'x-redriven-by': 'ann',
      'x-redriven-letter': id,
    });
    expect(JSON.parse(message.content.toString())).toMatchObject([captured(1)]);
    expect(await fixture.actions()).toEqual([
      expect.objectContaining({
        actor: 'ann',
        action: 'redrive',
        queue: 'stock.settle',
        letter_id: id,
        saga_ids: [sagaId(1)],
        event_ids: [`${sagaId(1)}/payment.captured`],
        reason: 'the printer is mended',
      }),
    ]);
  });

  test('a message that is parked again is a new dead letter, and shows its history', async () => {
    await fixture.parkEvent('stock.settle', captured(1));
    const first = await idOf();
    await redriveDeadLetters(fixture.shop, everything, redriving);
    await sleep(2);
    await fixture.parkEvent('stock.settle', captured(1));
    const second = await idOf();
    expect(second).not.toBe(first);
    expect((await showDeadLetter(fixture.shop, second, queues))?.history).toMatchObject([
      { action: 'redrive', actor: 'ann', letter_id: first, detail: { error: 'the printer is on fire' } },
    ]);
    await redriveDeadLetters(fixture.shop, everything, redriving);
    const redriven = [await fixture.take('stock.settle'), await fixture.take('stock.settle')];
    expect(redriven.map(({ properties }) => properties.headers?.['x-redriven'])).toEqual([1, 2]);
    for (const message of redriven) {
      fixture.channel.ack(message);
    }
  });

  test('as a dry run names the dead letters and changes nothing', async () => {
    for (const n of [1, 2]) {
      await fixture.parkEvent('stock.settle', captured(n));
    }
    const { letters } = await redriveDeadLetters(fixture.shop, everything, { ...redriving, dryRun: true });
    expect(letters).toHaveLength(2);
    await fixture.expectLength('stock.settle.dead', 2);
    await fixture.expectLength('stock.settle', 0);
    expect(await fixture.actions()).toEqual([]);
  });

  test('redrives the selected dead letters and leaves the others', async () => {
    for (const n of [1, 2, 3]) {
      await fixture.parkEvent('stock.settle', captured(n));
    }
    await fixture.parkEvent('order.settle', captured(1));
    await redriveDeadLetters(
      fixture.shop,
      { queues: ['stock.settle'], sagaId: sagaId(1), limit: 9 },
      redriving,
    );
    const left = await list();
    expect(left.map(({ queue, events }) => `${queue} ${events[0]?.saga_id}`).sort()).toEqual([
      `order.settle ${sagaId(1)}`,
      `stock.settle ${sagaId(2)}`,
      `stock.settle ${sagaId(3)}`,
    ]);
  });

  test('does not exceed its rate', async () => {
    for (let n = 0; n < 30; n++) {
      await fixture.parkEvent('stock.settle', captured(n));
    }
    const redriven = redriveDeadLetters(fixture.shop, everything, { ...redriving, rate: 20 });
    await sleep(500);
    const soFar = (await fixture.channel.checkQueue('stock.settle')).messageCount;
    expect(soFar).toBeGreaterThan(0);
    expect(soFar).toBeLessThan(25);
    await redriven;
    await fixture.expectLength('stock.settle', 30);
  });

  test('a dead letter stays when its queue is gone, the failure is recorded, and the error counts the earlier ones', async () => {
    await fixture.parkEvent('order.settle', captured(1));
    await fixture.channel.deleteQueue('order.settle');
    try {
      await expect(redriveDeadLetters(fixture.shop, everything, redriving)).rejects.toThrow(
        /could not be redriven \(0 were redriven before it\)\. All others are still in their dead-letter queues/,
      );
      expect((await fixture.actions()).map(({ action }) => action)).toEqual(['redrive', 'redrive_failed']);
      await fixture.expectLength('order.settle.dead', 1);
    } finally {
      await fixture.close();
      fixture = await DeadLetterFixture.open();
    }
  });

  test('what cannot be recorded is not done', async () => {
    await fixture.parkEvent('stock.settle', captured(1));
    await query(fixture.addresses.stock, 'ALTER TABLE operator_actions RENAME TO elsewhere');
    try {
      await expect(redriveDeadLetters(fixture.shop, everything, redriving)).rejects.toThrow(
        'could not be redriven',
      );
      await expect(
        discardDeadLetters(fixture.shop, everything, { ...operator, dryRun: false }),
      ).rejects.toThrow('could not be discarded');
    } finally {
      await query(fixture.addresses.stock, 'ALTER TABLE elsewhere RENAME TO operator_actions');
    }
    await fixture.expectLength('stock.settle.dead', 1);
    await fixture.expectLength('stock.settle', 0);
  });
});

describe('discarding', () => {
  test('deletes a dead letter and keeps its contents, with who discarded it and why', async () => {
    const body = Buffer.from([0x00, 0xff, 0x1b]);
    await fixture.park('order.settle', body, new Error('no \0 good'));
    await discardDeadLetters(fixture.shop, everything, { actor: 'bob', reason: 'forged', dryRun: false });
    await fixture.expectLength('order.settle.dead', 0);
    await fixture.expectLength('order.settle', 0);
    expect(await fixture.actions()).toEqual([
      expect.objectContaining({
        actor: 'bob',
        action: 'discard',
        reason: 'forged',
        saga_ids: [],
        detail: expect.objectContaining({
          body: body.toString('base64'),
          encoding: 'base64',
          error: 'no \0 good',
        }),
      }),
    ]);
  });

  test('as a dry run changes nothing', async () => {
    await fixture.park('order.settle', 'x');
    await discardDeadLetters(fixture.shop, everything, { ...operator, dryRun: true });
    await fixture.expectLength('order.settle.dead', 1);
    expect(await fixture.actions()).toEqual([]);
  });
});

test.each([
  'UPDATE operator_actions SET actor = $$nobody$$',
  'DELETE FROM operator_actions',
  'TRUNCATE operator_actions',
])('a recorded action stays recorded: the database refuses %s', async (sql) => {
  await fixture.park('order.settle', 'x');
  await discardDeadLetters(fixture.shop, everything, { ...operator, dryRun: false });
  await expect(query(fixture.addresses.order, sql)).rejects.toThrow('append-only');
  expect(await fixture.actions()).toHaveLength(1);
});
