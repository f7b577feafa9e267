import type { Browser, Page } from 'playwright-core';
import { newVisitor, openBrowser, type Visitor } from '../support/browser';
import { openWebShop, type WebShop } from '../support/web-shop';
import { logIn } from './steps';

/** The shop's staff in a real browser: what they change, buyers see. */

let shop: WebShop;
let browser: Browser;
let staff: Visitor;
let page: Page;

beforeAll(async () => {
  [shop, browser] = await Promise.all([openWebShop(), openBrowser()]);
  staff = await newVisitor(browser, shop.adminUrl);
  ({ page } = staff);
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** What buyers see of a product; undefined if they do not. */
async function seen(name: string) {
  const answer = await fetch(`${shop.url}/catalog/products?limit=100`);
  const { products } = (await answer.json()) as { products: { name: string; item_id: string }[] };
  return products.find((product) => product.name === name);
}

const row = (name: string) => page.getByRole('row').filter({ hasText: name });

async function untilNoticed(title: string): Promise<void> {
  await page.locator('.notice-title', { hasText: title }).waitFor();
}

test('a buyer is told that the pages are not for them', async () => {
  const visitor = await newVisitor(browser, shop.adminUrl);
  const buyer = await shop.buyer(0);
  await visitor.page.goto('/');
  await visitor.page.getByLabel('E-mail address').fill(buyer.email);
  await visitor.page.getByLabel('Password').fill(buyer.password);
  await visitor.page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
  await visitor.page.getByText(`${buyer.email} does not work in the shop`).waitFor();
  expect(await visitor.page.getByRole('link', { name: 'Inventory' }).count()).toBe(0);
  await visitor.close();
});

test('a shopkeeper inserts a product, and buyers see it', async () => {
  await logIn(page, shop.keeper);
  await page.getByRole('link', { name: 'Insert or restock' }).click();
  await page.getByLabel('Name').fill('Copper kettle');
  await page.getByLabel('Units').fill('7');
  await page.getByLabel('Price in credits').fill('76');
  await page.getByLabel('Description').fill('It boils water.');
  await page.getByLabel('Picture').selectOption('copper-galley-kettle');
  await page.getByLabel('Categories').fill('Galley, Copper');
  await page.getByRole('button', { name: 'Put into the shop' }).click();
  await untilNoticed('“Copper kettle” is new in the shop');
  await expect(seen('Copper kettle')).resolves.toMatchObject({
    price: 76,
    picture: 'copper-galley-kettle',
    categories: ['Galley', 'Copper'],
  });
});

test('a known name adds to its units, and says so before', async () => {
  await page.getByRole('button', { name: 'Put in something else' }).click();
  await page.getByLabel('Name').fill('copper  KETTLE');
  await page.getByText(/This adds to the 7 units/).waitFor();
  expect(await page.getByLabel('Price in credits').isDisabled()).toBe(true);
  expect(await page.getByLabel('Description').isDisabled()).toBe(true);
  await page.getByLabel('Units').fill('5');
  await page.getByRole('button', { name: 'Add the units' }).click();
  await untilNoticed('There is more of “Copper kettle”');
  await page.getByRole('link', { name: 'Inventory' }).first().click();
  await row('Copper kettle').getByText('12', { exact: true }).waitFor();
});

test('what is hidden, buyers do not see, until it is shown again', async () => {
  await row('Copper kettle').getByRole('button', { name: 'Hide' }).click();
  await row('Copper kettle').getByText('Hidden').waitFor();
  expect(await seen('Copper kettle')).toBeUndefined();
  await row('Copper kettle').getByRole('button', { name: 'Show' }).click();
  await row('Copper kettle').getByText('On show').waitFor();
  expect(await seen('Copper kettle')).toBeDefined();
});

test('a shopkeeper edits a product', async () => {
  await row('Copper kettle').getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name').fill('Copper galley kettle');
  await page.getByLabel('Description').fill('It boils water for tea.');
  await page.getByRole('button', { name: 'Save' }).click();
  await untilNoticed('Saved');
  await expect(seen('Copper galley kettle')).resolves.toMatchObject({
    description: 'It boils water for tea.',
  });
});

test('an operator adds credit to a buyer, and sees all orders', async () => {
  const buyer = await shop.buyer(0);
  await page.getByRole('link', { name: 'Credit' }).click();
  await page.getByLabel('The buyer’s e-mail address').fill(buyer.email);
  await page.getByLabel('How many credits').fill('250');
  await page.getByRole('button', { name: 'Add the credit' }).click();
  await page.getByText(/has 250 credits now/).waitFor();
  const item = (await seen('Copper galley kettle'))?.item_id;
  const { order_id } = await shop.ask('POST', `/orders/create/${buyer.userId}`);
  await shop.ask('POST', `/orders/addItem/${order_id}/${item}/2`);
  await shop.ask('POST', `/orders/checkout/${order_id}`);
  await page.getByRole('link', { name: 'Orders' }).click();
  await row('152 credits').getByText('Paid', { exact: true }).waitFor();
  expect(staff.faults).toEqual([]);
});
