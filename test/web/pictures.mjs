// Saves pictures of the pages in docs/pictures, from a shop that is running: npm start, then npm run pictures.
// PORT is the gateway's, if it is not 8000.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { chromium } from 'playwright-core';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const home = process.env.CHANDLERY_HOME ?? join(root, '.chandlery');
const folder = process.env.PICTURES ?? join(root, 'docs/pictures');
const port = Number(process.env.PORT ?? 8000);
const password = readFileSync(join(home, 'demo-password'), 'utf8');
const STOREFRONT = `http://localhost:${port}`;
const ADMIN = `http://127.0.0.1:${port + 7}`;

/** Which pages are kept, each as what fits on a screen. */
const KEPT = {
  '1440x1000-light': ['goods', 'product', 'checkout', 'admin-inventory', 'admin-restock'],
  '1440x1000-dark': ['goods', 'product', 'checkout'],
  '390x844-light': ['goods', 'product', 'basket', 'checkout', 'admin-restock'],
};
/** To look at every page in other widths: SCREENS="820x1100-dark 390x844-dark" PICTURES=/tmp/pages. */
const SCREENS = process.env.SCREENS?.split(' ') ?? Object.keys(KEPT);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
for (const screen of SCREENS) {
  const [, width, height, colorScheme] = /^(\d+)x(\d+)-(\w+)$/.exec(screen);
  const viewport = { width: Number(width), height: Number(height) };
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const save = async (name) => {
    if (process.env.SCREENS === undefined && !KEPT[screen].includes(name)) {
      return;
    }
    await page.waitForLoadState('networkidle');
    await page.evaluate('scrollTo(0, 0)');
    const path = join(folder, `${name}-${width}-${colorScheme}.png`);
    writeFileSync(path, squeezed(await page.screenshot({ fullPage: process.env.WHOLE !== undefined })));
  };
  await staff(page, save);
  await buyers(page, save);
  await context.close();
}
await browser.close();

/** Returns the same PNG, compressed as well as possible: browsers are in a hurry. */
function squeezed(png) {
  const SIGNATURE_BYTES = 8;
  const chunks = [];
  for (let at = SIGNATURE_BYTES; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
  }
  const pixels = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const [head, end] = ['IHDR', 'IEND'].map((wanted) => chunks.find(({ type }) => type === wanted));
  const small = { type: 'IDAT', data: deflateSync(inflateSync(pixels), { level: 9, memLevel: 9 }) };
  return Buffer.concat([png.subarray(0, SIGNATURE_BYTES), ...[head, small, end].map(written)]);
}

function written({ type, data }) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

async function buyers(page, save) {
  await page.goto(STOREFRONT);
  await page.locator('.ware h2').first().waitFor();
  await save('goods');
  await page.goto(`${STOREFRONT}/?search=hurricane`);
  await page.getByRole('link', { name: 'Hurricane lantern' }).click();
  await page.locator('.histogram').waitFor();
  await page.getByRole('button', { name: 'Add to basket' }).click();
  await save('product');
  await page.goto(`${STOREFRONT}/?search=enamel`);
  await page.getByRole('button', { name: /: Enamel mug$/ }).click();
  await page.goto(`${STOREFRONT}/basket`);
  await page.getByLabel('Quantity of Enamel mug').fill('2');
  await save('basket');
  await page.goto(`${STOREFRONT}/log-in?next=/checkout`);
  await logIn(page, 'buyer@chandlery.example');
  await page.getByRole('button', { name: /^Buy for/ }).click();
  await page.locator('.notice').waitFor();
  await save('checkout');
  await page.goto(`${STOREFRONT}/my-orders`);
  await page.locator('.order-card').first().waitFor();
  await save('orders');
}

async function staff(page, save) {
  await page.goto(ADMIN);
  await logIn(page, 'keeper@chandlery.example');
  await page.locator('tbody tr').first().waitFor();
  await save('admin-inventory');
  await page.goto(`${ADMIN}/restock`);
  await page.getByLabel('Name').fill('Enamel mug');
  await page.locator('.notice').waitFor();
  await save('admin-restock');
  // What the buyer is about to spend.
  await page.goto(`${ADMIN}/credit`);
  await page.getByLabel('The buyer’s e-mail address').fill('buyer@chandlery.example');
  await page.getByLabel('How many credits').fill('64');
  await page.getByRole('button', { name: 'Add the credit' }).click();
  await page.locator('.notice.good').waitFor();
  await save('admin-credit');
}

async function logIn(page, email) {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}
