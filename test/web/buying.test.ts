import type { Browser, Page, Route } from 'playwright-core';
import { newVisitor, openBrowser, type Visitor } from '../support/browser';
import { openWebShop, type WebShop } from '../support/web-shop';
import { buyButton, goToCheckout, logIn, outcome, putIntoBasket, stepsShown } from './steps';

/** Buyers in real browsers, in front of a real shop. */

let shop: WebShop;
let browser: Browser;
const visitors: Visitor[] = [];

beforeAll(async () => {
  [shop, browser] = await Promise.all([openWebShop(), openBrowser()]);
  await shop.stock({
    name: 'Enamel mug',
    price: 9,
    quantity: 50,
    picture: 'enamel-mug',
    categories: ['Galley'],
  });
  await shop.stock({ name: 'Brass sextant', price: 480, quantity: 3, picture: 'brass-sextant' });
});

afterEach(async () => {
  for (const { close } of visitors.splice(0)) {
    await close();
  }
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

async function visit(options: Parameters<typeof newVisitor>[2] = {}): Promise<Page> {
  const visitor = await newVisitor(browser, shop.url, options);
  visitors.push(visitor);
  return visitor.page;
}

/** Comes with a mug in the basket, ready to buy it. */
async function comeToBuy(credit: number, name = 'Enamel mug', quantity = 1): Promise<Page> {
  const page = await visit({ mayBeRefused: true });
  await logIn(page, await shop.buyer(credit));
  await putIntoBasket(page, name, quantity);
  await goToCheckout(page);
  return page;
}

const creditShown = (page: Page) => page.locator('.menu .who b').textContent();

/** What happens to the requests that pay. */
const onPayment = (page: Page, handle: (route: Route) => Promise<void>) =>
  page.route('**/orders/checkout/**', handle);

test('somebody registers, finds a product, buys it, sees each step, and gives it stars', async () => {
  const page = await visit();
  await page.goto('/');
  await page.getByLabel('Search').fill('enam');
  await page.locator('.found', { hasText: '1 product for “enam”' }).waitFor();
  await page.getByRole('button', { name: /Add to basket/ }).click();
  await page.getByRole('link', { name: /Basket/ }).click();
  await page.getByLabel('Quantity of Enamel mug').fill('3');
  await page.getByText('27 credits').first().waitFor();
  await page.getByRole('link', { name: 'Go to checkout' }).click();
  await page.getByRole('link', { name: 'Make an account' }).click();
  await page.getByLabel('Your name').fill('Ann Other');
  await page.getByLabel('E-mail address').fill('ann@example.com');
  await page.getByLabel('Password').fill('a password that is long');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByText('That is 27 credits short').waitFor();

  const { user_id } = await shop.ask('POST', '/account/find', { email: 'ann@example.com' });
  await shop.ask('POST', `/payment/add_funds/${user_id}/100`);
  await page.reload();
  await buyButton(page).click();
  expect(await outcome(page)).toBe('Paid. Thank you!');
  expect(await stepsShown(page)).toEqual([
    '✓ Get your account ready: done',
    '✓ Write your order: done',
    '✓ Put the goods on it: done',
    '✓ Set the goods aside and take the credit: done',
  ]);
  await page.getByText('73 credits').first().waitFor();
  await page.getByRole('link', { name: 'See the order' }).click();
  await page.getByText('The goods are yours.').waitFor();
  await page.getByRole('link', { name: 'Enamel mug' }).click();
  await page.locator('.vote-stars label').nth(3).click();
  await page.getByText('Your stars').waitFor();
  await page.getByText('4.0 (1)').waitFor();
  await page.getByRole('link', { name: 'My orders' }).click();
  await page.getByText('27 credits').waitFor();
  expect(visitors.flatMap(({ faults }) => faults)).toEqual([]);
});

test('says that there are not enough units, and that nothing was taken', async () => {
  const page = await comeToBuy(10_000, 'Brass sextant', 4);
  await buyButton(page).click();
  expect(await outcome(page)).toBe('There are not enough units left');
  expect((await stepsShown(page)).at(-1)).toContain('not done');
  expect(await creditShown(page)).toBe('10,000 credits');
  // With fewer units, the same basket is sold.
  await page.getByRole('link', { name: 'Back to the basket' }).click();
  await page.getByLabel('Quantity of Brass sextant').fill('1');
  await page.getByRole('link', { name: 'Go to checkout' }).click();
  await buyButton(page).click();
  expect(await outcome(page)).toBe('Paid. Thank you!');
});

test('says that the credit is not enough, and buys when there is more', async () => {
  const page = await visit({ mayBeRefused: true });
  const buyer = await shop.buyer(5);
  await logIn(page, buyer);
  await putIntoBasket(page, 'Enamel mug');
  await goToCheckout(page);
  await page.getByText('That is 4 credits short').waitFor();
  await buyButton(page).click();
  expect(await outcome(page)).toBe('Your credit is not enough');
  await shop.ask('POST', `/payment/add_funds/${buyer.userId}/10`);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Paid. Thank you!').waitFor();
  await page.getByText('6 credits').first().waitFor();
});

test('keeps asking when the shop has not decided yet, and ends with the truth', async () => {
  const page = await comeToBuy(100);
  await onPayment(page, (route) =>
    route.continue({ headers: { ...route.request().headers(), prefer: 'respond-async' } }),
  );
  await buyButton(page).click();
  expect(await outcome(page)).toBe('Paid. Thank you!');
  expect((await stepsShown(page)).slice(-2)).toEqual([
    '✓ Set the goods aside and take the credit: done',
    '✓ Wait for the shop’s final word: done',
  ]);
});

test('finds out what happened when no answer comes, and buys nothing twice', async () => {
  const page = await comeToBuy(100);
  await onPayment(page, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await buyButton(page).click();
  expect(await outcome(page)).toBe('Paid. Thank you!');
  await page.getByText('91 credits').first().waitFor();
});

test('finds out about a purchase whose page was closed in the middle', async () => {
  const page = await comeToBuy(100);
  let sent = () => {};
  const isSent = new Promise<void>((resolve) => {
    sent = resolve;
  });
  await onPayment(page, async (route) => {
    await route.fetch();
    sent();
  });
  await buyButton(page).click();
  await isSent;
  await page.unroute('**/orders/checkout/**');
  await page.reload();
  expect(await outcome(page)).toBe('Paid. Thank you!');
  await page.getByText('91 credits').first().waitFor();
});

test('says that a request did not arrive, and sends it again when asked to', async () => {
  const page = await comeToBuy(100);
  await onPayment(page, (route) => route.abort());
  await buyButton(page).click();
  await page.getByText('No answer came.').waitFor();
  expect(await stepsShown(page)).toContain('? Set the goods aside and take the credit: not certain yet');
  expect(await outcome(page)).toBe('Your order has not reached the shop');
  expect(await stepsShown(page)).toContain('× Set the goods aside and take the credit: not done');
  await page.unroute('**/orders/checkout/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Paid. Thank you!').waitFor();
  await page.getByText('91 credits').first().waitFor();
});

test.each([429, 503])('says that nothing happened when the shop answers %i', async (status) => {
  const page = await comeToBuy(100);
  await onPayment(page, (route) =>
    route.fulfill({
      status,
      contentType: 'application/problem+json',
      headers: { 'Retry-After': '1' },
      body: JSON.stringify({ status, reason: 'overloaded', detail: 'Too many.' }),
    }),
  );
  await buyButton(page).click();
  expect(await outcome(page)).toBe('The shop has too much to do right now');
  await page.unroute('**/orders/checkout/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Paid. Thank you!').waitFor();
});

test('two browsers race for the last unit: one gets it, and the other one is told so', async () => {
  await shop.stock({ name: 'Last spyglass', price: 20, quantity: 1 });
  const pages = [await comeToBuy(100, 'Last spyglass'), await comeToBuy(100, 'Last spyglass')];
  await Promise.all(pages.map((page) => buyButton(page).click()));
  const outcomes = await Promise.all(pages.map(outcome));
  expect(outcomes.sort()).toEqual(['Paid. Thank you!', 'There are not enough units left']);
  // What is sold out can still be put into a basket: it may come back.
  const [page] = pages as [Page];
  await page.goto('/');
  await page.getByText('Sold out').waitFor();
  await page.getByRole('button', { name: /: Last spyglass$/ }).click();
  await page.getByRole('button', { name: /One more.*: Last spyglass$/ }).waitFor();
});

test('somebody buys with the keyboard alone', async () => {
  const page = await visit();
  const buyer = await shop.buyer(100);
  await page.goto('/');
  await page.getByRole('link', { name: 'Enamel mug' }).waitFor();
  await tabTo(page, 'Enamel mug');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Enamel mug' }).waitFor();
  await tabTo(page, 'Add to basket');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Go to the basket');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Go to checkout');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Who is buying?' }).waitFor();
  await tabTo(page, 'Log in', 'main');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await tabTo(page, 'E-mail address');
  await page.keyboard.type(buyer.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(buyer.password);
  await page.keyboard.press('Enter');
  await buyButton(page).waitFor();
  await tabTo(page, 'Buy for 9 credits');
  await page.keyboard.press('Enter');
  expect(await outcome(page)).toBe('Paid. Thank you!');
  // Whoever cannot see the page is where the outcome is.
  expect(await page.evaluate('document.activeElement.className')).toContain('notice');
  expect(visitors.flatMap(({ faults }) => faults)).toEqual([]);
});

/** Presses Tab until what has this name has the focus, and can be seen to have it. */
async function tabTo(page: Page, name: string, within = 'body'): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(`(() => {
      const { activeElement: element } = document;
      const label = element.labels?.[0]?.innerText ?? element.innerText;
      const isWithin = element.closest(${JSON.stringify(within)}) !== null;
      return isWithin && getComputedStyle(element).visibility === 'visible' ? label.trim() : '';
    })()`);
    if (focused === name) {
      return;
    }
  }
  throw new Error(`"${name}" cannot be reached with the keyboard`);
}
