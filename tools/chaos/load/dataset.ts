import { classify } from '../../audit/history/history';
import type { Client } from './client';

/**
 * What there is to buy and who buys it. Plenty of everything, so that most checkouts succeed, and beside it people with
 * too little credit and items with too little stock, so that refusals, waits and compensations happen all the time.
 */
export interface Dataset {
  /** Orders of rich people for plentiful items, each to be checked out once. */
  nextOrder(): string | undefined;
  readonly users: number;
  readonly items: number;
  readonly poor: readonly string[];
  readonly scarce: readonly string[];
}

const USERS = 1_000;
const ITEMS = 1_000;
const POOR = 20;
const SCARCE = 8;
const PRICE = 10;
const CREDIT = 2_000_000_000;
const STOCK = 2_000_000_000;
/** Loading this many takes a while, and afterwards buyers make orders of their own anyway. */
const MAX_ORDERS = 200_000;
const ORDERS_PER_SECOND = 300;
const LOADING_PATIENCE_MS = 60_000;

export async function openMarket(client: Client, seconds: number): Promise<Dataset> {
  const orders = Math.min(MAX_ORDERS, seconds * ORDERS_PER_SECOND);
  const load = async (path: string) => {
    const exchange = await client.ask('POST', path, { patienceMs: LOADING_PATIENCE_MS });
    if (classify(exchange) !== 'done') {
      throw new Error(`The dataset could not be opened: POST ${path} was answered ${exchange.status}.`);
    }
    return exchange.body as Record<string, string>;
  };
  await Promise.all([
    load(`/payment/batch_init/${USERS}/${CREDIT}`),
    load(`/stock/batch_init/${ITEMS}/${STOCK}/${PRICE}`),
    load(`/orders/batch_init/${orders}/${ITEMS}/${USERS}/${PRICE}`),
  ]);
  const poor = await many(POOR, async () => (await load('/payment/create_user')).user_id as string);
  const scarce = await many(
    SCARCE,
    async () => (await load(`/stock/item/create/${PRICE}`)).item_id as string,
  );
  for (const user of poor) {
    await load(`/payment/add_funds/${user}/${PRICE * 3}`);
  }
  for (const item of scarce) {
    await load(`/stock/add/${item}/5`);
  }
  let next = 0;
  return {
    nextOrder: () => (next < orders ? String(next++) : undefined),
    users: USERS,
    items: ITEMS,
    poor,
    scarce,
  };
}

async function many<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    made.push(await make());
  }
  return made;
}
