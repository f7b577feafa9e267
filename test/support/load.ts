import type { ApiClient } from './api-client';

/** The last answer that the buyer of an order got. `status` is undefined when there was none: a reset, or silence. */
export interface Sale {
  order: string;
  status: number | undefined;
  reason?: string;
}

export interface Dataset {
  api: ApiClient;
  users: string[];
  items: string[];
}

/** Fills a shop so that some checkouts are refused: every fifth user is poor, and every fifth item is scarce. */
export async function fill(api: ApiClient, size = 10): Promise<Dataset> {
  const numbers = Array.from({ length: size }, (_, i) => i);
  return {
    api,
    users: await Promise.all(numbers.map((i) => api.user(i % 5 === 0 ? 3 : 1_000_000))),
    items: await Promise.all(numbers.map((i) => api.item(1 + (i % 3), i % 5 === 0 ? 5 : 1_000_000))),
  };
}

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T;

export async function placeOrders({ api, users, items }: Dataset, count: number): Promise<string[]> {
  const orders: string[] = [];
  while (orders.length < count) {
    const batch = Array.from({ length: Math.min(50, count - orders.length) }, () =>
      api.order(pick(users), { [pick(items)]: 1, [pick(items)]: 2 }),
    );
    orders.push(...(await Promise.all(batch)));
  }
  return orders;
}

/** Checks out every order once, `concurrency` at a time. */
export async function checkOutAll(
  api: ApiClient,
  orders: readonly string[],
  concurrency = 50,
): Promise<Sale[]> {
  const sales: Sale[] = [];
  const queue = [...orders];
  const buyer = async () => {
    for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
      const answer = await api.checkout(order).catch(() => undefined);
      sales.push({ order, status: answer?.status, reason: answer?.body?.reason });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, buyer));
  return sales;
}

/**
 * Repeats the checkouts without a final answer, as the API tells clients to, until each has one.
 * @returns the final answers
 */
export async function askAgain(api: ApiClient, sales: readonly Sale[]): Promise<Sale[]> {
  const isFinal = ({ status }: Sale) =>
    status !== undefined && status < 500 && status !== 202 && status !== 429;
  let unknown = sales.filter((sale) => !isFinal(sale));
  const known = sales.filter(isFinal);
  for (let round = 0; unknown.length > 0 && round < 20; round++) {
    const again = await checkOutAll(
      api,
      unknown.map((sale) => sale.order),
    );
    known.push(...again.filter(isFinal));
    unknown = again.filter((sale) => !isFinal(sale));
  }
  if (unknown.length > 0) {
    throw new Error(
      `${unknown.length} checkouts got no final answer, among them that of order ${unknown[0]?.order}`,
    );
  }
  return known;
}

/** Returns the orders whose final answer contradicts their state: 200 must mean paid, and anything else not paid. */
export async function findWrongAnswers(api: ApiClient, sales: readonly Sale[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { order, status } of sales) {
    const { body } = await api.get(`/orders/find/${order}`);
    if (body.paid !== (status === 200)) {
      wrong.push(`order ${order}: answered ${status}, is ${body.status}`);
    }
  }
  return wrong;
}
