import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setRoles, withAccounts } from '../operate/accounts';
import { home } from '../support/layout';
import { type DemoPerson, demoPeople } from './demo-people';
import goods from './goods.json';
import { openSeedClient, type SeedClient } from './seed-client';

/**
 * Fills an empty shop, so that there is something to see at the first start: goods, two people, and what buyers think. All of it
 * goes through the API, and each request has a key, so a seeding that was interrupted is repeated as a whole.
 */

interface Seeding {
  /** What the keys of its requests begin with: another seeding is not the same. */
  readonly id: string;
  readonly isDone: boolean;
}

const file = join(home, 'seeding.json');
const remember = (seeding: Seeding) => writeFileSync(file, JSON.stringify(seeding));

export interface SeedOptions {
  /** Where the shop is. */
  readonly url: string;
  readonly port: number;
  say(text: string): void;
}

export async function seed({ url, port, say }: SeedOptions): Promise<void> {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Seeding) : undefined;
  if (known?.isDone) {
    return;
  }
  const { buyer, shopkeeper } = demoPeople();
  const seeding = known ?? { id: randomUUID(), isDone: false };
  const keeper = openSeedClient(url, seeding.id);
  const keeperId = await enter(keeper, shopkeeper);
  // To give credit, one must be an operator.
  await withAccounts(port, (database) =>
    setRoles(database, keeperId, ['shopkeeper', 'operator'], {
      actor: 'npm start',
      reason: 'the first start of a shop on one machine',
    }),
  );
  await enter(keeper, shopkeeper);
  if (known === undefined && !(await isEmpty(keeper))) {
    // Somebody has filled this shop with their own goods. They get the people.
    await welcomeBuyer(openSeedClient(url, seeding.id), keeper, buyer);
    remember({ ...seeding, isDone: true });
    return;
  }
  remember(seeding);
  say('Filling the shop with goods …');
  const itemIds = await stock(keeper);
  await haveBought(keeper, itemIds);
  const buyerId = await welcomeBuyer(openSeedClient(url, seeding.id), keeper, buyer);
  await buyFor(
    keeper,
    buyerId,
    [itemIds[0], itemIds[6], itemIds[18]].filter((id) => id !== undefined),
  );
  remember({ ...seeding, isDone: true });
}

/** Registers somebody who may be registered already, and logs them in. Returns their id. */
async function enter(client: SeedClient, { email, password, name }: DemoPerson): Promise<string> {
  await client.post('/account/register', { body: { email, password, name } });
  return client.logIn(email, password);
}

async function isEmpty(client: SeedClient): Promise<boolean> {
  const { products } = await client.get<{ products: unknown[] }>('/catalog/inventory?limit=1');
  return products.length === 0;
}

/** Returns the ids of the goods, in order, when all of them are on show. */
async function stock(client: SeedClient): Promise<string[]> {
  const restocks = [];
  for (const good of goods) {
    restocks.push(
      await client.post<{ item_id: string; restock_id: string }>('/catalog/products', {
        body: good,
        key: good.picture,
      }),
    );
  }
  for (const { restock_id } of restocks) {
    while ((await client.get<{ state: string }>(`/catalog/restocks/${restock_id}`)).state === 'REQUESTED') {
      await sleep(50);
    }
  }
  return restocks.map(({ item_id }) => item_id);
}

const BUYER_CREDIT = 500;

/** @returns the id of the buyer */
async function welcomeBuyer(client: SeedClient, keeper: SeedClient, person: DemoPerson): Promise<string> {
  const id = await enter(client, person);
  await giveCredit(keeper, id, BUYER_CREDIT);
  return id;
}

async function giveCredit(keeper: SeedClient, id: string, amount: number): Promise<void> {
  await keeper.post(`/payment/create_user?user_id=${id}`);
  await keeper.post(`/payment/add_funds/${id}/${amount}`, { key: `${id}-funds-${amount}` });
}

/** Buys one unit of each item for somebody, with credit that is theirs for just that. */
async function buyFor(keeper: SeedClient, userId: string, itemIds: readonly string[]): Promise<void> {
  const { order_id } = await keeper.post<{ order_id: string }>(`/orders/create/${userId}`, {
    key: `${userId}-order`,
  });
  let total = 0;
  for (const id of itemIds) {
    const { total_cost } = await keeper.post<{ total_cost: number }>(`/orders/addItem/${order_id}/${id}/1`, {
      key: `${userId}-${id}`,
    });
    total = total_cost;
  }
  await giveCredit(keeper, userId, total);
  await keeper.post(`/orders/checkout/${order_id}`);
}

/** What some buyers have bought, and how many stars they gave it: who, then pairs of a good's place in the list and stars. */
const VOTES: readonly (readonly [string, ...(readonly [number, number])[]])[] = [
  ['demo-ada', [0, 5], [2, 4], [5, 5], [13, 4], [17, 5], [20, 5]],
  ['demo-bo', [0, 4], [1, 5], [5, 4], [8, 3], [18, 5], [21, 4]],
  ['demo-cem', [0, 5], [5, 5], [6, 5], [11, 2], [18, 4], [22, 5]],
  ['demo-dora', [3, 4], [5, 3], [7, 5], [14, 5], [18, 5], [23, 4]],
];

async function haveBought(keeper: SeedClient, itemIds: readonly string[]): Promise<void> {
  for (const [userId, ...votes] of VOTES) {
    const given = votes.flatMap(([place, stars]) => {
      const id = itemIds[place];
      return id === undefined ? [] : [{ id, stars }];
    });
    await buyFor(
      keeper,
      userId,
      given.map(({ id }) => id),
    );
    for (const { id, stars } of given) {
      await keeper.post(`/catalog/vote/${userId}/${id}/${stars}`);
    }
  }
}
