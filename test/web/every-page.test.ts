import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { root } from '../../shared/root';
import { newVisitor, openBrowser } from '../support/browser';
import { openWebShop, type WebShop } from '../support/web-shop';
import { buyButton, goToCheckout, logIn, outcome, putIntoBasket } from './steps';

/** What holds for every page, whatever it is about. */

let shop: WebShop;
let browser: Browser;
let product: string;

beforeAll(async () => {
  [shop, browser] = await Promise.all([openWebShop(), openBrowser()]);
  product = await shop.stock({
    name: 'Enamel mug',
    price: 9,
    quantity: 50,
    picture: 'enamel-mug',
    description: 'It holds tea.',
    categories: ['Galley'],
  });
  await shop.stock({ name: 'Sold spyglass', price: 9, quantity: 1, picture: 'no-such-drawing' });
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Returns what axe finds on the page as it is now. */
async function violations(page: Page): Promise<string[]> {
  await page.waitForLoadState('networkidle');
  return page.evaluate(`(async () => {
    ${axe}
    const { violations } = await globalThis.axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => location.pathname + ' ' + id + ' ' + html + ' ' + failureSummary));
  })()`);
}

const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [390, 820, 1440];

/** Looks at the page in all widths: nothing may be cut off at the side. */
async function check(page: Page): Promise<string[]> {
  const found = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    found.push(...(Number(beyond) > 0 ? [`${page.url()} is ${beyond} px too wide at ${width}`] : []));
  }
  return [...found, ...(await violations(page))];
}

test.each(SCHEMES)(
  'every page for buyers can be used by everybody, in the %s scheme',
  async (colorScheme) => {
    const { page, faults, close } = await newVisitor(browser, shop.url, { colorScheme });
    const found: string[] = [];
    const look = async (path: string, ready: string) => {
      await page.goto(path);
      await page.getByText(ready).first().waitFor();
      found.push(...(await check(page)));
    };
    await look('/', 'Enamel mug');
    await look('/?search=nothing', 'Nothing was found');
    await look('/log-in', 'Password');
    await look('/register', 'Password');
    await look('/basket', 'Nothing is in it yet');
    await look('/no/such/page', 'There is no such page');
    await putIntoBasket(page, 'Enamel mug', 2);
    await look('/checkout', 'Who is buying?');
    await logIn(page, await shop.buyer(100));
    await look('/basket', 'Go to checkout');
    await goToCheckout(page);
    found.push(...(await check(page)));
    await buyButton(page).click();
    expect(await outcome(page)).toBe('Paid. Thank you!');
    found.push(...(await check(page)));
    await look(`/products/${product}`, 'How many stars');
    await look('/my-orders', 'The goods are yours');
    await page.getByRole('main').getByRole('link').first().click();
    await page.getByText('Enamel mug').waitFor();
    found.push(...(await check(page)));
    expect(found).toEqual([]);
    // The drawing that does not exist is the one exception, and is replaced by that of a parcel.
    expect(faults.filter((fault) => !fault.includes('no-such-drawing'))).toEqual([]);
    await close();
  },
);

test.each(SCHEMES)('every page for staff can be used by everybody, in the %s scheme', async (colorScheme) => {
  const { page, faults, close } = await newVisitor(browser, shop.adminUrl, { colorScheme });
  const found: string[] = [];
  const look = async (path: string, ready: string) => {
    await page.goto(path);
    await page.getByText(ready).first().waitFor();
    found.push(...(await check(page)));
  };
  await look('/', 'Password');
  await logIn(page, shop.keeper);
  await look('/', 'Enamel mug');
  await look('/restock', 'Put into the shop');
  await page.getByLabel('Name').fill('Enamel mug');
  await page.getByText(/This adds to the/).waitFor();
  found.push(...(await check(page)));
  await look(`/products/${product}`, 'Hidden from buyers');
  await look('/all-orders', 'Orders of all buyers');
  await look('/credit', 'How many credits');
  await look('/no/such/page', 'There is no such page');
  expect(found).toEqual([]);
  expect(faults.filter((fault) => !fault.includes('no-such-drawing'))).toEqual([]);
  await close();
});

test('shows which hosts have served it, names itself, and takes whoever follows a link to its heading', async () => {
  const { page, close } = await newVisitor(browser, shop.url);
  await page.goto('/');
  await page.getByText(`Page from ${hostname()}`).waitFor();
  await page.getByText(`Data from ${hostname()}`).waitFor();
  expect(await page.title()).toBe('Goods for sea and shore · Chandlery');
  await page.getByRole('link', { name: 'Enamel mug' }).click();
  await page.getByRole('heading', { level: 1, name: 'Enamel mug' }).waitFor();
  expect(await page.title()).toBe('Enamel mug · Chandlery');
  expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  await close();
});

test('the first page needs at most 120 kB of script, which browsers keep for ever', async () => {
  const html = await (await fetch(shop.url)).text();
  const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(
    ([, path]) => path as string,
  );
  expect(scripts.length).toBeGreaterThan(0);
  const sizes = scripts.map((path) => statSync(join(root, 'web/dist/storefront', `${path}.br`)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(120_000);
  for (const path of scripts) {
    const { headers } = await fetch(shop.url + path, { headers: { 'accept-encoding': 'br' } });
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-encoding')).toBe('br');
  }
});

test('the gateway sends what is no path of a service to the storefront, and answers everything else as before', async () => {
  const ask = async (path: string, init?: RequestInit) => {
    const { status, headers } = await fetch(shop.url + path, init);
    return [status, headers.get('content-type')?.split(';')[0]];
  };
  expect(await ask('/')).toEqual([200, 'text/html']);
  expect(await ask('/products/1')).toEqual([200, 'text/html']);
  expect(await ask('/', { method: 'HEAD' })).toEqual([200, 'text/html']);
  expect(await ask('/ordersandmore')).toEqual([200, 'text/html']);
  expect(await ask('/no-such-file.js')).toEqual([404, 'text/plain']);
  const problem = 'application/problem+json';
  expect(await ask('/orders/none')).toEqual([404, problem]);
  expect(await ask('/stock')).toEqual([404, problem]);
  expect(await ask('/products/1', { method: 'POST' })).toEqual([404, problem]);
  expect(await ask('/nothing', { method: 'DELETE' })).toEqual([404, problem]);
  expect(await ask('/openapi.json')).toEqual([200, 'application/json']);
});

test('a page may load nothing from elsewhere, and is asked for again each time', async () => {
  const { headers } = await fetch(shop.url);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|data:/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-cache');
  const asked = { 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' };
  expect((await fetch(shop.url, { headers: asked })).status).toBe(304);
});
