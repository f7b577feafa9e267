import { randomUUID } from 'node:crypto';
import { checkoutNames, perParticipant } from '../../../shared/services';
import { freePorts } from '../../../tools/support/free-ports';
import { query } from '../../support/books';
import { paymentCaptured, purchase, sagaId } from '../../support/events';
import type { Ended } from '../../support/run-program';
import { command, DeadLetterFixture } from './dead-letter-fixture';

let fixture: DeadLetterFixture;
beforeAll(async () => {
  fixture = await DeadLetterFixture.open();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.close());

const deadletters = (...args: string[]): Promise<Ended> => command('deadletters', fixture.addresses, ...args);
const sagas = (...args: string[]): Promise<Ended> => command('sagas', fixture.addresses, ...args);
const none = '0123456789abcdef';

test('says so when there are no dead letters and no open sagas', async () => {
  expect(await deadletters()).toEqual({ status: 0, stdout: 'There are no dead letters.\n', stderr: '' });
  expect(await sagas()).toEqual({ status: 0, stdout: 'No saga found in state PENDING.\n', stderr: '' });
});

test('lists a dead letter, shows it, and puts it back into its queue', async () => {
  await fixture.parkEvent('stock.settle', paymentCaptured(purchase(1)));
  const listed = await deadletters('list');
  expect(listed.stdout).toMatch(
    /stock\.settle: 1 dead letter\n {2}[0-9a-f]{16} {2}\d+ s ago {2}payment\.captured, saga /,
  );
  const [deadLetter] = JSON.parse((await deadletters('list', '--json')).stdout).letters;
  expect((await deadletters('show', deadLetter.id)).stdout).toContain('UNKNOWN: the printer is on fire');

  const dry = await deadletters('redrive', deadLetter.id, '--dry-run');
  expect(dry.stdout).toContain('1 dead letter would be redriven.');
  await fixture.expectLength('stock.settle.dead', 1);

  const redriven = await deadletters('redrive', deadLetter.id, '--actor', 'ann', '--reason', 'mended');
  expect(redriven).toMatchObject({ status: 0, stderr: '' });
  expect(redriven.stdout).toContain('1 dead letter was redriven.');
  await fixture.expectLength('stock.settle', 1);
  expect(await fixture.actions()).toMatchObject([{ action: 'redrive', actor: 'ann', reason: 'mended' }]);

  const again = await deadletters('redrive', deadLetter.id);
  expect(again.status).toBe(1);
  expect(again.stderr).toContain(`There is no dead letter ${deadLetter.id}.`);
});

test('records a discarded dead letter under the name of the user of the machine', async () => {
  await fixture.park('order.settle', 'junk');
  expect((await deadletters('discard', '--all', '--reason', 'junk')).stdout).toContain(
    '1 dead letter was discarded.',
  );
  expect(await fixture.actions()).toMatchObject([
    { action: 'discard', actor: expect.stringMatching(/./), reason: 'junk', detail: { body: 'junk' } },
  ]);
});

describe('discarding', () => {
  const lost = [1, 2, 3, 4, 5].map((n) => purchase(n));
  const states = {
    order: ['PENDING', 'PAID', undefined, 'FAILED'],
    stock: ['RESERVED', 'RESERVED', 'RELEASED', 'RELEASED'],
    payment: ['CAPTURED', 'CAPTURED', 'CAPTURED', 'REJECTED'],
  };
  const insert = {
    order: `INSERT INTO sagas SELECT $1, 'o', 'u', 10, $2, CASE $2 WHEN 'FAILED' THEN 'cancelled' END, '', now(), now(),
              CASE $2 WHEN 'PENDING' THEN NULL ELSE now() END`,
    stock: `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent)
            SELECT $1, 'o', 'u', 10, '{}', '{}', $2, CASE $2 WHEN 'RELEASED' THEN 'cancelled' END, ''`,
    payment: `INSERT INTO charges SELECT $1, 'o', 'u', 10, $2, CASE $2 WHEN 'REJECTED' THEN 'cancelled' END`,
  };
  beforeAll(async () => {
    for (const service of checkoutNames) {
      for (const [i, state] of states[service].entries()) {
        const sql = insert[service].replaceAll('$2', `'${state}'`);
        await (state && query(fixture.addresses[service], sql, [sagaId(i + 1)]));
      }
    }
  });
  afterAll(async () => {
    await query(fixture.addresses.order, 'TRUNCATE sagas');
    await query(fixture.addresses.stock, 'TRUNCATE reservations');
    await query(fixture.addresses.payment, 'TRUNCATE charges');
  });

  test('says which sagas it leaves open, where, and what ends them, before and afterwards', async () => {
    for (const each of lost) {
      await fixture.parkEvent('stock.settle', paymentCaptured(each));
    }
    const discard = (...more: string[]) => deadletters('discard', '--all', '--reason', 'lost', ...more);
    const before = (await discard('--dry-run')).stdout;
    const after = (await discard()).stdout;
    const [paid, inOrder, inStock] = before.split('\n').filter((line) => line.startsWith('Left open: '));
    expect(paid).toBe(
      `Left open: 1 saga captured by payment, but not known to order and stock as a sale: ${sagaId(3)}.`,
    );
    expect(inOrder).toBe(`Left open: 1 saga PENDING in order: ${sagaId(1)}.`);
    expect(inStock).toMatch(/^Left open: 2 sagas RESERVED or WAITING in stock: \S+ \S+\.$/);
    expect(before).toContain('Stock asks payment about them once they are 15 s old.');
    expect(before).toContain('order then asks payment, again and again.');
    expect(before).toContain('Nothing ends them by itself');
    const leftOpen = (text: string) => text.slice(text.indexOf('Left open'));
    expect(leftOpen(after)).toBe(leftOpen(before));
  });

  test('says when nothing is left open', async () => {
    await fixture.parkEvent('stock.settle', paymentCaptured(lost[3] ?? purchase(4)));
    const json = JSON.parse(
      (await deadletters('discard', '--all', '--reason', 'x', '--dry-run', '--json')).stdout,
    );
    expect(json).toMatchObject({ would_be_discarded: [{ queue: 'stock.settle' }], left_open: [] });
    const { stdout } = await deadletters('discard', '--all', '--reason', 'x');
    expect(stdout).toContain('Nothing is left open: every saga that they mention has ended');
    await fixture.park('stock.settle', 'junk');
    const junk = await deadletters('discard', '--all', '--reason', 'x');
    expect(junk.stdout).toContain('They mention no saga, so nothing is left open.');
  });
});

test('lists discarded dead letters with who did it and why, and shows what they contained', async () => {
  expect((await deadletters('discarded')).stdout).toBe('No dead letter has been discarded.\n');
  await fixture.parkEvent('stock.settle', paymentCaptured(purchase(1)));
  const long = `[${'7'.repeat(70_000)}`;
  await fixture.park('order.settle', long);
  const { letters } = JSON.parse((await deadletters('list', '--json')).stdout);
  await deadletters('discard', '--all', '--queue', 'order.settle', '--reason', 'no end', '--actor', 'ann');
  await deadletters('discard', '--all', '--reason', 'forged', '--actor', 'bob');

  const listed = await deadletters('discarded');
  expect(listed).toMatchObject({ status: 0, stderr: '' });
  expect(listed.stdout).toMatch(
    /^2 discarded dead letters, latest first\n {2}[0-9a-f]{16} {2}stock\.settle, \d+ s ago by bob: forged\n {6}UNKNOWN: the printer/,
  );
  const ofSaga = JSON.parse((await deadletters('discarded', '--saga', sagaId(1), '--json')).stdout);
  expect(ofSaga.discarded).toMatchObject([{ queue: 'stock.settle', actor: 'bob', reason: 'forged' }]);

  const idIn = (queue: string) =>
    letters.find((deadLetter: { queue: string }) => deadLetter.queue === queue).id;
  const shown = (await deadletters('show', idIn('stock.settle'))).stdout;
  expect(shown).toMatch(/Discarded {4}\S+ \(\d+ s ago\) by bob: forged\n/);
  expect(shown).toContain(`${sagaId(1)}/payment.captured`);
  expect(shown).toContain('"type":"payment.captured"');
  const { discarded } = JSON.parse((await deadletters('show', idIn('order.settle'), '--json')).stdout);
  expect(discarded).toMatchObject({ size: 70_001, body: long.slice(0, 65_536), encoding: 'utf8' });
  expect((await deadletters('show', idIn('order.settle'))).stdout).toContain(
    '(the first 65536 of 70001 bytes)',
  );
});

test.each<[string[], string]>([
  [['redrive'], 'Name the dead letters'],
  [['redrive', none, '--all'], 'Name the dead letters'],
  [['redrive', '--queue', 'stock.settle'], 'Name the dead letters'],
  [['redrive', '--all', '--queue', 'stock.settle.dead'], '--queue must be one of'],
  [['redrive', '--all', '--rate', '0'], '--rate must be'],
  [['redrive', '--all', '--rate', '1e3'], '--rate must be'],
  [['redrive', '--all', '--limit', '10000', '--rate', '1'], 'take too long'],
  [['redrive', '--all', '--saga', 'x'], 'not the id of a saga'],
  [['redrive', 'stock.settle'], 'not the id of a dead letter'],
  [['discard', none], 'Say why with --reason'],
  [['discard', none, '--reason', '  '], '--reason must be'],
  [['discard', '--all', '--reason', 'a\nb'], '--reason must be'],
  [['discard', '--all', '--reason', 'x'.repeat(501)], '--reason must be'],
  [['discard', '--all', '--reason', 'x', '--actor', ''], '--actor must be'],
  [['show'], 'Name one dead letter'],
  [['show', none, none.replace('0', 'f')], 'Name one dead letter'],
  [['list', none], 'use show'],
  [['list', '--limit', '0'], '--limit must be'],
  [['purge'], '"purge" is not one of list, show'],
  [['list', '--force'], '--force'],
  [['list', '--port', '80'], '--port must be'],
])('deadletters %j explains the mistake and changes nothing', async (args, expected) => {
  await fixture.parkEvent('stock.settle', paymentCaptured(purchase(1)));
  const { status, stdout, stderr } = await deadletters(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(expected);
  expect(stderr).toContain('Usage: npm run deadletters');
  await fixture.expectLength('stock.settle.dead', 1);
  await fixture.expectLength('stock.settle', 0);
  expect(await fixture.actions()).toEqual([]);
});

test.each<[string[], string]>([
  [['show'], 'Name one saga'],
  [['show', '7'], 'use list --order 7'],
  [['cancel', sagaId(1)], 'Say why with --reason'],
  [['cancel', sagaId(1), '--reason', ' '], '--reason must be'],
  [['list', '--state', 'LOST'], '--state must be one of'],
  [['list', '--older-than', '5'], '--older-than must be'],
  [['list', '--older-than', '-5s'], '--older-than'],
  [['list', '--order', '7', '--state', 'PAID'], 'either --order or --state'],
  [['list', '--order', 'a b'], 'not the id of an order'],
  [['delete', sagaId(1)], '"delete" is not one of list, show'],
])('sagas %j explains the mistake and changes nothing', async (args, expected) => {
  const { status, stdout, stderr } = await sagas(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(expected);
  expect(stderr).toContain('Usage: npm run sagas');
  expect(await fixture.actions()).toEqual([]);
});

test('says so when a saga or a dead letter is unknown', async () => {
  const id = randomUUID();
  expect(await sagas('show', id)).toEqual({
    status: 1,
    stdout: '',
    stderr: `No service knows saga ${id}. Check the id.\n`,
  });
  expect(await sagas('cancel', id, '--reason', 'x')).toEqual({
    status: 1,
    stdout: '',
    stderr: `Order does not know saga ${id}, so it was not cancelled. Check the id.\n`,
  });
  expect((await deadletters('show', none)).status).toBe(1);
});

test('spells out the control characters of a dead letter', async () => {
  const hostile = `\u001b]0;owned\u0007\u009b2J\u202egnp.exe\r`;
  await fixture.park('order.settle', JSON.stringify([{ type: hostile, data: {} }]), new Error(hostile));
  const { letters } = JSON.parse((await deadletters('list', '--json')).stdout);
  expect(letters[0].events[0].type).toBe(hostile);
  for (const args of [['list'], ['list', '--json'], ['show', letters[0].id], ['redrive', '--all']]) {
    const { stdout } = await deadletters(...args);
    expect(stdout.match(/[^\P{C}\n]/gu)).toBeNull();
    expect(stdout).toContain('\\u202egnp.exe');
  }
});

test('names a database or a broker that cannot be reached, and does nothing', async () => {
  const [port] = await freePorts(1);
  await fixture.parkEvent('stock.settle', paymentCaptured(purchase(1)));
  const noStock = { ...fixture.addresses, stock: `postgresql://stock:x@127.0.0.1:${port}/stock` };
  const redriven = await command('deadletters', noStock, 'redrive', '--all');
  expect(redriven.status).toBe(2);
  expect(redriven.stderr).toMatch(/^The database of stock cannot be read.*STOCK_DATABASE_URL.*ECONNREFUSED/);
  await fixture.expectLength('stock.settle.dead', 1);

  const noBroker = { ...fixture.addresses, amqp: `amqp://127.0.0.1:${port}` };
  const listed = await command('deadletters', noBroker, 'list');
  expect(listed.status).toBe(2);
  expect(listed.stderr).toMatch(/^The broker cannot be reached.*AMQP_URL/);

  const nowhere = `postgresql://order:x@127.0.0.1:${port}/order`;
  const noShop = { ...perParticipant(() => nowhere), amqp: noBroker.amqp };
  for (const args of [['list'], ['show', sagaId(1)], ['cancel', sagaId(1), '--reason', 'x']]) {
    const { status, stderr } = await command('sagas', noShop, ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^The database of order cannot be read\. Is the shop running\?.*ECONNREFUSED/);
  }

  const shown = await command('sagas', { ...noStock, amqp: noBroker.amqp }, 'show', sagaId(1));
  expect(shown.status).toBe(0);
  expect(shown.stdout).toMatch(/stock +cannot be read: connect ECONNREFUSED/);
  expect(shown.stdout).toContain('The broker cannot be reached');
});
