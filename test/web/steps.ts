import type { Page } from 'playwright-core';
import type { Person } from '../support/account';

/** What people do on the pages, as they do it: by what they read. */

export async function logIn(
  page: Page,
  { email, password }: Pick<Person, 'email' | 'password'>,
): Promise<void> {
  await page.goto('/log-in');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}

export async function putIntoBasket(page: Page, name: string, quantity = 1): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByLabel('Quantity').fill(String(quantity));
  await page.getByRole('button', { name: 'Add to basket' }).click();
  await page.getByRole('link', { name: 'Go to the basket' }).waitFor();
}

/** Goes to the checkout with what is in the basket. */
export async function goToCheckout(page: Page): Promise<void> {
  await page.goto('/basket');
  await page.getByRole('link', { name: 'Go to checkout' }).click();
  await buyButton(page).waitFor();
}

export const buyButton = (page: Page) => page.getByRole('button', { name: /^Buy for/ });

/** Resolves with what the page says in the end. */
export async function outcome(page: Page): Promise<string> {
  const title = page.getByRole('main').locator('.notice-title');
  await title.waitFor({ timeout: 60_000 });
  return (await title.textContent()) ?? '';
}

/** The steps of a purchase, each with how it went. */
export async function stepsShown(page: Page): Promise<string[]> {
  return (await page.locator('.steps li').allInnerTexts()).map((text) =>
    text.replaceAll(/\s+/g, ' ').replace(' :', ':').trim(),
  );
}
