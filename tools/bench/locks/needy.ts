import { Client } from 'pg';
import type { CheckoutName } from '../../../shared/services';
import type { LocalShop } from '../rig/shop';

/** Buyers beside those of the dataset: their checkouts need what a stranger has locked. */
export interface Needy {
  readonly users: readonly string[];
  readonly items: readonly string[];
  createOrder(user: string, item: string): Promise<string>;
  checkOut(order: string): Promise<number>;
}

/** More than they need. */
const PLENTY = 1_000_000;

export async function createNeedy(shop: LocalShop, counts: { users: number; items: number }): Promise<Needy> {
  const post = async (service: CheckoutName, path: string) => {
    const answer = await fetch(new URL(path, shop.urls[service][0]), { method: 'POST' });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const createUser = async () => {
    const user = (await post('payment', '/payment/create_user')).body.user_id as string;
    await post('payment', `/payment/add_funds/${user}/${PLENTY}`);
    return user;
  };
  const createItem = async () => {
    const item = (await post('stock', '/stock/item/create/1')).body.item_id as string;
    await post('stock', `/stock/add/${item}/${PLENTY}`);
    return item;
  };
  return {
    users: await Promise.all(Array.from({ length: counts.users }, createUser)),
    items: await Promise.all(Array.from({ length: counts.items }, createItem)),
    async createOrder(user, item) {
      const order = (await post('order', `/orders/create/${user}`)).body.order_id as string;
      await post('order', `/orders/addItem/${order}/${item}/1`);
      return order;
    },
    checkOut: async (order) => (await post('order', `/orders/checkout/${order}`)).status,
  };
}

/** An answer to a checkout. */
export interface Answered {
  readonly order: string;
  readonly status: number;
}

/**
 * Compares the answers with what became of the orders, once nothing is in flight: whoever was answered 200 has paid,
 * and whoever was answered 409 has not, unless he asked again. Counts the paid ones for the shop's books, because these
 * buyers are not among those that the dataset counts.
 * @throws Error that names wrong answers
 */
export async function checkAnswers(
  shop: LocalShop,
  { users }: Needy,
  what: string,
  answers: readonly Answered[],
): Promise<void> {
  const stranger = new Client({ connectionString: shop.databases.order });
  await stranger.connect();
  const { rows } = await stranger.query<{ order_id: string }>(
    `SELECT DISTINCT order_id FROM sagas WHERE user_id = ANY ($1) AND state = 'PAID'`,
    [users],
  );
  await stranger.end();
  const paid = new Set(rows.map(({ order_id }) => order_id));
  shop.paidBefore += paid.size;
  const askedOnce = (order: string) => answers.filter((answer) => answer.order === order).length === 1;
  const wrong = answers.filter(
    ({ order, status }) =>
      ![200, 202, 409].includes(status) ||
      (status === 200 && !paid.has(order)) ||
      (status === 409 && paid.has(order) && askedOnce(order)),
  );
  if (wrong.length > 0) {
    const some = wrong.slice(0, 5).map(({ order, status }) => `${order}: ${status}`);
    throw new Error(`${what}: ${wrong.length} checkouts got a wrong answer, such as ${some.join(', ')}.`);
  }
}
