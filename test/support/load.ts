import type { ApiClient } from './api-client';

/** What became of one order: the last answer its buyer got. `undefined` stands for none: a reset, or silence. */
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

/** A shop in which some things go wrong by themselves: every fifth user is poor, and every fifth item is scarce. */
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
    const some = Array.from({ length: Math.min(50, count - orders.length) }, () =>
      api.order(pick(users), { [pick(items)]: 1, [pick(items)]: 2 }),
    );
    orders.push(...(await Promise.all(some)));
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
 * Whoever got no final answer asks again, as the API tells them to, until they have one.
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
    throw new Error(`${unknown.length} checkouts got no final answer, ${unknown[0]?.order} for one`);
  }
  return known;
}

/** Orders whose final answer and whose state do not agree: 200 must mean paid, and anything else not paid. */
export async function liesTold(api: ApiClient, sales: readonly Sale[]): Promise<string[]> {
  const lies: string[] = [];
  for (const { order, status } of sales) {
    const { body } = await api.get(`/orders/find/${order}`);
    if (body.paid !== (status === 200)) {
      lies.push(`order ${order}: told ${status}, is ${body.status}`);
    }
  }
  return lies;
}
