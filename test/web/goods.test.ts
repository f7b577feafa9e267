import type { Browser, Page } from 'playwright-core';
import { newVisitor, openBrowser, type Visitor } from '../support/browser';
import { openWebShop, type WebShop } from '../support/web-shop';

/** How buyers look for goods in a shop that has more of them than a page shows. */

const COUNT = 30;
const PAGE = 24;

let shop: WebShop;
let browser: Browser;
let visitor: Visitor;
let page: Page;

beforeAll(async () => {
  [shop, browser] = await Promise.all([openWebShop(), openBrowser()]);
  // Their names and their prices are in opposite orders.
  for (let i = 1; i <= COUNT; i++) {
    const category = i % 3 === 0 ? 'Every third' : 'Others';
    const name = `Rope ${String(i).padStart(2, '0')}`;
    await shop.stock({ name, price: 100 - i, quantity: i, categories: [category] });
  }
  visitor = await newVisitor(browser, shop.url);
  ({ page } = visitor);
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

const names = () => page.locator('.ware h2').allTextContents();
const untilFound = (text: string) => page.locator('.found', { hasText: text }).waitFor();

test('loads more when asked to, and nothing twice', async () => {
  await page.goto('/');
  await untilFound(`The first ${PAGE} products`);
  expect((await names())[0]).toBe('Rope 01');
  await page.getByRole('button', { name: 'Load more goods' }).click();
  await page.getByRole('link', { name: `Rope ${COUNT}` }).waitFor();
  expect(new Set(await names()).size).toBe(COUNT);
  expect(await page.getByRole('button', { name: 'Load more goods' }).count()).toBe(0);
});

test('sorts by price, and keeps that in the address', async () => {
  await page.getByLabel('Sort by').selectOption('Lowest price');
  await untilFound(`The first ${PAGE} products`);
  expect((await names())[0]).toBe(`Rope ${COUNT}`);
  await page.reload();
  await untilFound(`The first ${PAGE} products`);
  expect((await names())[0]).toBe(`Rope ${COUNT}`);
});

test('shows one category, and "back" leads back', async () => {
  await page.getByRole('link', { name: 'Every third' }).click();
  await untilFound('10 products in Every third');
  await page.goBack();
  await untilFound(`The first ${PAGE} products`);
});

test('asks once for what is typed, and says so when nothing is found', async () => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).searchParams.get('search') ?? ''));
  await page.getByLabel('Search').pressSequentially('rope 07', { delay: 20 });
  await untilFound('1 product for “rope 07”');
  expect(new Set(asked.filter((text) => text !== ''))).toEqual(new Set(['rope 07']));
  await page.getByLabel('Search').fill('anchor');
  await untilFound('Nothing was found for “anchor”');
  await page.getByLabel('Search').fill('');
  await untilFound(`The first ${PAGE} products`);
  expect(visitor.faults).toEqual([]);
});

test('says "Last one" of the last one', async () => {
  await page.goto('/?search=rope+01');
  await page.getByText('Last one').waitFor();
  await page.goto('/?search=rope+12');
  await page.getByText('12 left').waitFor();
});
