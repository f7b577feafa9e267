import { setTimeout as sleep } from 'node:timers/promises';
import { queues } from '../../../shared/contract/events';
import {
  discardLetters,
  listDeadLetters,
  redriveLetters,
  showLetter,
} from '../../../tools/operate/dead-letters';
import type { Selection } from '../../../tools/operate/visit';
import { query } from '../../support/books';
import { paymentCaptured, purchase, sagaId } from '../../support/events';
import { DeadLetterFixture } from './dead-letter-fixture';

let office: DeadLetterFixture;
beforeAll(async () => {
  office = await DeadLetterFixture.open();
});
beforeEach(() => office.clear());
afterAll(() => office.close());

const everything: Selection = { queues, limit: 100 };
const operator = { actor: 'ann', reason: 'the printer is mended' };
const redriving = { ...operator, dryRun: false, rate: 1_000 };
const captured = (n: number) => paymentCaptured(purchase(n));
const list = async (selection = everything) => (await listDeadLetters(office.shop, selection)).letters;
const idOf = async () => (await list())[0]?.id ?? 'none';

describe('looking', () => {
  test('a parked event is listed with its queue, its saga and its error', async () => {
    const error = Object.assign(new Error('no such thing'), { code: 'E42' });
    await office.parkEvent('stock.settle', captured(1), error);
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
      'an event this queue does not hear',
      JSON.stringify([{ specversion: '1.0', ...captured(1), type: 'stock.rejected' }]),
    ],
  ])('a message of %s is listed as not sound, and shown as it is', async (_, body) => {
    await office.park('stock.settle', body);
    const [letter] = await list();
    expect(letter).toMatchObject({ queue: 'stock.settle', sound: false, size: body.length });
    const shown = await showLetter(office.shop, letter?.id ?? '', queues);
    expect(Buffer.from(shown?.body ?? '', shown?.encoding)).toEqual(Buffer.from(body));
  });

  test('a message that the broker itself gave up is listed with its reason and time', async () => {
    office.channel.sendToQueue('order.settle', Buffer.from(JSON.stringify([captured(1)])));
    office.channel.nack(await office.take('order.settle'), false, false);
    await office.expectLength('order.settle.dead', 1);
    const [letter] = await list();
    expect(letter).toMatchObject({ queue: 'order.settle', error_code: 'REJECTED' });
    expect(Math.abs(Date.parse(letter?.parked_at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('changes neither the letters nor their ids, however often, and never wears one out', async () => {
    for (const n of [1, 2, 3]) {
      await office.parkEvent('payment.charge', captured(n));
    }
    const ids = async () => (await list()).map((letter) => letter.id).sort();
    const first = await ids();
    for (let i = 0; i < 25; i++) {
      expect(await ids()).toEqual(first);
    }
    await office.expectLength('payment.charge.dead', 3);
    // RabbitMQ 4 throws away what was given back 20 times.
    const message = await office.take('payment.charge.dead');
    expect(message.properties.headers?.['x-delivery-count'] ?? 0).toBeLessThan(20);
    office.channel.nack(message);
  });

  test('finds the letters of one queue, or of one saga, up to a limit', async () => {
    for (const n of [1, 2, 3]) {
      await office.parkEvent('stock.settle', captured(n));
    }
    await office.parkEvent('order.settle', captured(2));
    expect(await list({ queues: ['order.settle'], limit: 9 })).toHaveLength(1);
    expect(await list({ queues, sagaId: sagaId(2), limit: 9 })).toHaveLength(2);
    expect(await listDeadLetters(office.shop, { queues, limit: 2 })).toMatchObject({
      selected: 2,
      seen: 2,
      total: 4,
    });
  });
});

describe('redriving', () => {
  test('puts a letter back into its queue, says so in its headers, and notes who did it', async () => {
    await office.parkEvent('stock.settle', captured(1));
    const id = await idOf();
    const { letters } = await redriveLetters(office.shop, { ...everything, ids: [id] }, redriving);
    expect(letters.map((letter) => letter.id)).toEqual([id]);
    await office.expectLength('stock.settle.dead', 0);
    const message = await office.take('stock.settle');
    office.channel.ack(message);
    expect(message.properties.headers).toMatchObject({
      'x-redriven': 1,
      'x-redriven-by': 'ann',
      'x-redriven-letter': id,
    });
    expect(JSON.parse(message.content.toString())).toMatchObject([captured(1)]);
    expect(await office.notes()).toEqual([
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

  test('what is parked again is a letter of its own, and its history shows', async () => {
    await office.parkEvent('stock.settle', captured(1));
    const first = await idOf();
    await redriveLetters(office.shop, everything, redriving);
    await sleep(2);
    await office.parkEvent('stock.settle', captured(1));
    const second = await idOf();
    expect(second).not.toBe(first);
    expect((await showLetter(office.shop, second, queues))?.history).toMatchObject([
      { action: 'redrive', actor: 'ann', letter_id: first, detail: { error: 'the printer is on fire' } },
    ]);
    await redriveLetters(office.shop, everything, redriving);
    const redriven = [await office.take('stock.settle'), await office.take('stock.settle')];
    expect(redriven.map(({ properties }) => properties.headers?.['x-redriven'])).toEqual([1, 2]);
    for (const message of redriven) {
      office.channel.ack(message);
    }
  });

  test('as a dry run names the letters and changes nothing', async () => {
    for (const n of [1, 2]) {
      await office.parkEvent('stock.settle', captured(n));
    }
    const { letters } = await redriveLetters(office.shop, everything, { ...redriving, dryRun: true });
    expect(letters).toHaveLength(2);
    await office.expectLength('stock.settle.dead', 2);
    await office.expectLength('stock.settle', 0);
    expect(await office.notes()).toEqual([]);
  });

  test('takes those that are meant and leaves the others', async () => {
    for (const n of [1, 2, 3]) {
      await office.parkEvent('stock.settle', captured(n));
    }
    await office.parkEvent('order.settle', captured(1));
    await redriveLetters(office.shop, { queues: ['stock.settle'], sagaId: sagaId(1), limit: 9 }, redriving);
    const left = await list();
    expect(left.map(({ queue, events }) => `${queue} ${events[0]?.saga_id}`).sort()).toEqual([
      `order.settle ${sagaId(1)}`,
      `stock.settle ${sagaId(2)}`,
      `stock.settle ${sagaId(3)}`,
    ]);
  });

  test('keeps to its rate', async () => {
    for (let n = 0; n < 30; n++) {
      await office.parkEvent('stock.settle', captured(n));
    }
    const all = redriveLetters(office.shop, everything, { ...redriving, rate: 20 });
    await sleep(500);
    const soFar = (await office.channel.checkQueue('stock.settle')).messageCount;
    expect(soFar).toBeGreaterThan(0);
    expect(soFar).toBeLessThan(25);
    await all;
    await office.expectLength('stock.settle', 30);
  });

  test('a letter whose queue refuses it stays, the failure is noted, and the error says how far it came', async () => {
    await office.parkEvent('order.settle', captured(1));
    await office.channel.deleteQueue('order.settle');
    await expect(redriveLetters(office.shop, everything, redriving)).rejects.toThrow(
      /could not be redriven. 0 letters were redriven before; all others are where they were/,
    );
    expect((await office.notes()).map(({ action }) => action)).toEqual(['redrive', 'redrive_failed']);
    await office.expectLength('order.settle.dead', 1);
    await office.close();
    office = await DeadLetterFixture.open();
  });

  test('what cannot be noted is not done', async () => {
    await office.parkEvent('stock.settle', captured(1));
    await query(office.addresses.stock, 'ALTER TABLE operator_actions RENAME TO elsewhere');
    try {
      await expect(redriveLetters(office.shop, everything, redriving)).rejects.toThrow(
        'could not be redriven',
      );
      await expect(discardLetters(office.shop, everything, { ...operator, dryRun: false })).rejects.toThrow(
        'could not be discarded',
      );
    } finally {
      await query(office.addresses.stock, 'ALTER TABLE elsewhere RENAME TO operator_actions');
    }
    await office.expectLength('stock.settle.dead', 1);
    await office.expectLength('stock.settle', 0);
  });
});

describe('discarding', () => {
  test('takes a letter away and keeps what it said, with who and why', async () => {
    const body = Buffer.from([0x00, 0xff, 0x1b]);
    await office.park('order.settle', body, new Error('no \0 good'));
    await discardLetters(office.shop, everything, { actor: 'bob', reason: 'forged', dryRun: false });
    await office.expectLength('order.settle.dead', 0);
    await office.expectLength('order.settle', 0);
    expect(await office.notes()).toEqual([
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
    await office.park('order.settle', 'x');
    await discardLetters(office.shop, everything, { ...operator, dryRun: true });
    await office.expectLength('order.settle.dead', 1);
    expect(await office.notes()).toEqual([]);
  });
});

test.each([
  'UPDATE operator_actions SET actor = $$nobody$$',
  'DELETE FROM operator_actions',
  'TRUNCATE operator_actions',
])('what was noted stays noted: the database refuses %s', async (sql) => {
  await office.park('order.settle', 'x');
  await discardLetters(office.shop, everything, { ...operator, dryRun: false });
  await expect(query(office.addresses.order, sql)).rejects.toThrow('append-only');
  expect(await office.notes()).toHaveLength(1);
});
