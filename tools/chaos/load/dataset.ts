import { setTimeout as sleep } from 'node:timers/promises';
import { classify } from '../../audit/history/history';
import type { Client } from './client';
import { stock } from './stock';

/**
 * The users, items and orders of a run. Most users and items have plenty, so most checkouts succeed. A few users have too
 * little credit and a few items too little stock, so that refusals, waits and compensations happen all the time.
 */
export interface Dataset {
  /** Returns the next order with enough credit and stock, each only once; undefined when there are no more. */
  nextOrder(): string | undefined;
  /** How many users have plenty of credit. Their ids are the numbers from 0. */
  readonly users: number;
  /** How many items have plenty of stock. Their ids are the numbers from 0. */
  readonly items: number;
  /** Ids of users with little credit. */
  readonly poor: readonly string[];
  /** Ids of items with little stock, those of products among them. */
  readonly scarce: readonly string[];
  /** What shopkeepers put more of into the shop. */
  readonly products: readonly Product[];
}

export interface Product {
  readonly name: string;
  readonly item_id: string;
}

const USERS = 1_000;
const ITEMS = 1_000;
const POOR = 20;
const SCARCE = 8;
const PRODUCTS = 6;
export const PRICE = 10;
const CREDIT = 2_000_000_000;
const STOCK = 2_000_000_000;
/** Loading this many takes a while. When they are used up, buyers create orders of their own anyway. */
const MAX_ORDERS = 200_000;
const ORDERS_PER_SECOND = 300;
const LOAD_TIMEOUT_MS = 60_000;

export async function createDataset(client: Client, seconds: number): Promise<Dataset> {
  const orders = Math.min(MAX_ORDERS, seconds * ORDERS_PER_SECOND);
  const load = async (path: string) => {
    const exchange = await client.send('POST', path, { timeoutMs: LOAD_TIMEOUT_MS });
    if (classify(exchange) !== 'done') {
      throw new Error(`The dataset could not be created: POST ${path} was answered ${exchange.status}.`);
    }
    return exchange.body as Record<string, string>;
  };
  await Promise.all([
    load(`/payment/batch_init/${USERS}/${CREDIT}`),
    load(`/stock/batch_init/${ITEMS}/${STOCK}/${PRICE}`),
    load(`/orders/batch_init/${orders}/${ITEMS}/${USERS}/${PRICE}`),
  ]);
  const poor = await createMany(POOR, async () => (await load('/payment/create_user')).user_id as string);
  const scarce = await createMany(
    SCARCE,
    async () => (await load(`/stock/item/create/${PRICE}`)).item_id as string,
  );
  for (const user of poor) {
    await load(`/payment/add_funds/${user}/${PRICE * 3}`);
  }
  for (const item of scarce) {
    await load(`/stock/add/${item}/5`);
  }
  const products = await createProducts(client);
  let next = 0;
  return {
    nextOrder: () => (next < orders ? String(next++) : undefined),
    users: USERS,
    items: ITEMS,
    poor,
    scarce: [...scarce, ...products.map(({ item_id }) => item_id)],
    products,
  };
}

async function createProducts(client: Client): Promise<Product[]> {
  const names = Array.from({ length: PRODUCTS }, (_, n) => `Product ${n + 1}`);
  return Promise.all(
    names.map(async (name) => {
      const { status, body } = await stock(client, { name, quantity: 5, price: PRICE }, () => true);
      if (status !== 202) {
        throw new Error(`The dataset could not be created: ${name} was answered ${status}.`);
      }
      const isDone = async () =>
        (await client.send('GET', `/catalog/restocks/${body?.restock_id}`)).body?.state === 'DONE';
      while (!(await isDone())) {
        await sleep(20);
      }
      return { name, item_id: body?.item_id as string };
    }),
  );
}

async function createMany<T>(count: number, create: () => Promise<T>): Promise<T[]> {
  const created: T[] = [];
  while (created.length < count) {
    created.push(await create());
  }
  return created;
}
