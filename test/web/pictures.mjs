// Saves pictures of the pages in docs/pictures, from a shop that is running: npm start, then npm run pictures.
// PORT is the gateway's, if it is not 8000.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const home = process.env.CHANDLERY_HOME ?? join(root, '.chandlery');
const folder = process.env.PICTURES ?? join(root, 'docs/pictures');
const port = Number(process.env.PORT ?? 8000);
const password = readFileSync(join(home, 'demo-password'), 'utf8');
const STOREFRONT = `http://localhost:${port}`;
const ADMIN = `http://127.0.0.1:${port + 7}`;

/** Each picture shows what fits on a screen: [width, height, scheme]. */
const SCREENS = (process.env.SCREENS ?? '1440x1000-light 1440x1000-dark 390x844-light').split(' ');

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
for (const screen of SCREENS) {
  const [, width, height, colorScheme] = /^(\d+)x(\d+)-(\w+)$/.exec(screen);
  const viewport = { width: Number(width), height: Number(height) };
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const save = async (name) => {
    await page.waitForLoadState('networkidle');
    const path = join(folder, `${name}-${width}-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: process.env.WHOLE !== undefined });
  };
  await buyers(page, save);
  await staff(page, save);
  await context.close();
}
await browser.close();

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
}

async function logIn(page, email) {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}
