import { participantNames } from '../../../shared/services';
import { CatalogClient } from '../../support/catalog';
import { ShopProcesses } from '../../support/shop';
import { until } from '../../support/until';
import { command } from './dead-letter-fixture';

let shop: ShopProcesses;
let catalog: CatalogClient;
beforeAll(async () => {
  // Nobody asks: only what the operator does ends a restock here.
  shop = await ShopProcesses.open({
    services: participantNames,
    env: { catalog: { ASK_AFTER_MS: '600000' } },
  });
  catalog = new CatalogClient([shop.one('catalog').url]);
});
afterEach(() => shop.balances());
afterAll(() => shop.close());

const restocks = (...args: string[]) => command('restocks', { ...shop.databases, amqp: shop.amqp }, ...args);
const available = async (item: string) =>
  (await shop.rows<{ available: number }>('stock', 'SELECT available FROM items WHERE id = $1', [item]))[0]
    ?.available;

test('says so when no restock waits, and refuses one that nobody knows', async () => {
  expect(await restocks()).toMatchObject({ status: 0, stdout: 'No restock waits for an answer of stock.\n' });
  const unknown = '00000000-0000-7000-8000-000000000000';
  expect(await restocks('show', unknown)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('does not know restock'),
  });
  expect(await restocks('resend', unknown)).toMatchObject({ status: 2 });
});

test('a restock that waits while stock is away is listed, and ends when stock is back', async () => {
  const stock = shop.one('stock');
  await shop.end(stock, 'SIGTERM');
  const { body } = await catalog.stock({ name: 'Lamp', quantity: 3, price: 10 });
  expect((await restocks('list')).stdout).toMatch(
    new RegExp(`${body.restock_id} +\\d+ s ago +3 of Lamp +unknown to stock`),
  );
  expect((await restocks('show', body.restock_id)).stdout).toContain('It waits for stock');
  shop.start(stock);
  await shop.ready();
  await catalog.untilDone(body.restock_id);
  expect((await restocks('show', body.restock_id)).stdout).toContain('It waits for nothing.');
});

test('what stock has forgotten is shown, and added again once an operator has catalog ask', async () => {
  const { body } = await catalog.stock({ name: 'Rope', quantity: 4, price: 5 });
  await catalog.untilDone(body.restock_id);
  // As if stock's database were restored to the moment before.
  await shop.rows('stock', 'DELETE FROM stock_ledger WHERE saga_id = $1', [body.restock_id]);
  await shop.rows('stock', 'DELETE FROM items WHERE id = $1', [body.item_id]);
  await shop.rows('stock', 'DELETE FROM restocks WHERE id = $1', [body.restock_id]);
  expect((await restocks('show', body.restock_id)).stdout).toContain('Stock has forgotten it');
  expect(
    await restocks('resend', body.restock_id, '--actor', 'ann', '--reason', 'stock was restored'),
  ).toMatchObject({ status: 0, stdout: expect.stringContaining('will ask stock') });
  await until(async () => (await available(body.item_id)) === 4);
  await restocks('resend', body.restock_id, '--reason', 'once more');
  await until(async () => (await shop.rows('catalog', 'SELECT FROM outbox')).length === 0);
  expect(await available(body.item_id)).toBe(4);
  const recorded = 'SELECT actor, action, reason FROM operator_actions ORDER BY id';
  expect((await shop.rows('catalog', recorded))[0]).toEqual({
    ...{ actor: 'ann', action: 'resend', reason: 'stock was restored' },
  });
});
