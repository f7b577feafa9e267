import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckoutName } from '../../../shared/services';
import type { LocalShop } from '../rig/shop';
import { type Answered, checkAnswers, createNeedy, type Needy } from './needy';
import { Stranger } from './stranger';

/** The tables of the saga. */
export interface LockedTable {
  readonly table: string;
  readonly service: CheckoutName;
  /** Which rows a checkout needs: by its user, by its item, or by the order itself. */
  readonly by: 'user' | 'item' | 'order';
  readonly key: string;
  /** Whether a row exists only once the checkout has begun. */
  readonly ofSaga?: true;
}

export const lockedTables: readonly LockedTable[] = [
  { table: 'items', service: 'stock', by: 'item', key: 'id' },
  { table: 'users', service: 'payment', by: 'user', key: 'id' },
  { table: 'orders', service: 'order', by: 'order', key: 'id' },
  { table: 'sagas', service: 'order', by: 'order', key: 'order_id', ofSaga: true },
  { table: 'reservations', service: 'stock', by: 'order', key: 'order_id', ofSaga: true },
  { table: 'charges', service: 'payment', by: 'order', key: 'order_id', ofSaga: true },
];

const NEEDY_EVERY_MS = 1_000;
const WAITING_EVERY_MS = 50;

/** What `work` returned, and how many seconds after the release nothing was in flight any more. */
export interface Held<T> {
  readonly result: T;
  readonly endedAfter: number;
}

/** Holds some rows of a table while `work` runs, and checks out every second what needs one of them. */
export async function holdRows<T>(
  shop: LocalShop,
  locked: LockedTable,
  rows: number,
  work: () => Promise<T>,
): Promise<Held<T>> {
  const { table, service, by, key, ofSaga } = locked;
  const needy = await createNeedy(shop, { users: by === 'user' ? rows : 1, items: by === 'item' ? rows : 1 });
  const place = (i: number) =>
    needy.createOrder(
      needy.users[i % needy.users.length] as string,
      needy.items[i % needy.items.length] as string,
    );
  const orders = by === 'order' ? await Promise.all(Array.from({ length: rows }, (_, i) => place(i))) : [];
  const answers: Promise<Answered>[] = [];
  const result = await Stranger.holds(shop.databases[service], async (stranger) => {
    answers.push(...(ofSaga ? orders.map((order) => checkOut(needy, order)) : []));
    await stranger.lockRows(table, key, { user: needy.users, item: needy.items, order: orders }[by]);
    let holding = true;
    const needing = (async () => {
      for (let i = 0; holding; i++) {
        answers.push(checkOut(needy, orders[i % rows] ?? (await place(i))));
        await sleep(NEEDY_EVERY_MS);
      }
    })();
    return work().finally(() => {
      holding = false;
      return needing;
    });
  });
  return { result, endedAfter: await everythingEnded(shop, needy, `${table}, ${rows}`, answers) };
}

/** Holds a whole table, and lets buyers check out meanwhile. All of them wait. */
export async function holdTable(
  shop: LocalShop,
  { table, service }: LockedTable,
  forMs: number,
): Promise<number> {
  const needy = await createNeedy(shop, { users: 1, items: 1 });
  const [user = '', item = ''] = [...needy.users, ...needy.items];
  // No order can be created while `orders` is locked.
  const orders: string[] = [];
  while (orders.length < forMs / WAITING_EVERY_MS) {
    orders.push(await needy.createOrder(user, item));
  }
  const answers: Promise<Answered>[] = [];
  await Stranger.holds(shop.databases[service], async (stranger) => {
    await stranger.lockTable(table);
    for (const order of orders) {
      answers.push(checkOut(needy, order));
      await sleep(WAITING_EVERY_MS);
    }
  });
  return everythingEnded(shop, needy, `table ${table}`, answers);
}

async function checkOut({ checkOut }: Needy, order: string): Promise<Answered> {
  return { order, status: await checkOut(order) };
}

/** Call it at the release. Returns how many seconds later everybody had an answer and nothing was in flight. */
async function everythingEnded(
  shop: LocalShop,
  needy: Needy,
  what: string,
  answers: readonly Promise<Answered>[],
): Promise<number> {
  const released = performance.now();
  // A request for a locked order opens its saga only now, so the answers come first.
  const answered = await Promise.all(answers);
  await shop.waitUntilSettled();
  const endedAfter = (performance.now() - released) / 1_000;
  await checkAnswers(shop, needy, what, answered);
  return endedAfter;
}
