import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ServiceName } from '../../../shared/services';
import type { Dataset } from '../dataset';
import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario, ScenarioContext } from '../scenario';

/** The load does not need the locked rows. It is light, so that its latency shows every delay. */
const OTHERS_PER_SECOND = 20;
const CONNECTIONS = 64;
const NEEDY_EVERY_MS = 1_000;

/** What the checkouts that need a locked row are made of. */
interface Needy {
  readonly items: readonly string[];
  readonly user: string;
  readonly orders: readonly string[];
}

interface Case {
  readonly name: string;
  readonly service: ServiceName;
  /** How many rows are locked. */
  readonly rows: number;
  readonly lock: (needy: Needy) => { sql: string; keys: readonly string[] };
}

const itemCase = (rows: number): Case => ({
  name: `items, ${rows}`,
  service: 'stock',
  rows,
  lock: ({ items }) => ({ sql: 'SELECT FROM items WHERE id = ANY ($1) FOR UPDATE', keys: items }),
});
const orderCase = (name: string, service: ServiceName, sql: string): Case => ({
  name,
  service,
  rows: 1,
  lock: ({ orders }) => ({ sql: `${sql} FOR UPDATE`, keys: orders }),
});
const cases: readonly Case[] = [
  ...[1, 2, 10].map(itemCase),
  {
    name: 'users',
    service: 'payment',
    rows: 1,
    lock: ({ user }) => ({ sql: 'SELECT FROM users WHERE id = ANY ($1) FOR UPDATE', keys: [user] }),
  },
  orderCase('orders', 'order', 'SELECT FROM orders WHERE id = ANY ($1)'),
  orderCase('sagas', 'order', 'SELECT FROM sagas WHERE order_id = ANY ($1)'),
  orderCase('reservations', 'stock', 'SELECT FROM reservations WHERE order_id = ANY ($1)'),
  orderCase('charges', 'payment', 'SELECT FROM charges WHERE order_id = ANY ($1)'),
];

/**
 * A stranger locks rows while others check out at a fixed rate, and every second one more checkout needs a locked row.
 * Both sides are measured in turn: with the lock and without. All others must be paid. Those that need the row must get
 * a final answer or 202.
 */
export const lockedRows: Scenario = {
  name: 'locked-rows',
  description: 'p99 of other checkouts while a stranger has rows locked, against p99 without',
  onTarget: false,
  async run(context) {
    const { options, say } = context;
    const dataset = await context.openDataset();
    const loadRuns: { free: LoadRun[]; locked: LoadRun[] } = { free: [], locked: [] };
    const endings: number[] = [];
    for (const each of cases) {
      loadRuns.free.push(await others(dataset, context, `${each.name}: no lock`));
      const { loadRun, endedAfter } = await measureLocked(dataset, context, each);
      loadRuns.locked.push(loadRun);
      endings.push(endedAfter);
      const [free, locked] = [loadRuns.free, loadRuns.locked].map((runs) => runs.at(-1)?.latencyMs.p99);
      say(
        `${each.name}: p99 ${free} ms without a lock, ${locked} ms with it (${loadRun.checkouts} checkouts); ` +
          `everything had ended ${endedAfter.toFixed(1)} s after the release`,
      );
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    const p99 = (runs: LoadRun[]) => runs.map((run) => run.latencyMs.p99);
    return {
      loadRuns: [...loadRuns.free, ...loadRuns.locked],
      figures: [
        {
          id: 'p99_beside_a_lock',
          name: 'p99 of others while rows are locked ÷ without, the worst table',
          unit: '',
          spread: spreadOf([Math.max(...ratios(p99(loadRuns.locked), p99(loadRuns.free)))]),
          ...(options.seconds < 30 && { unjudged: true as const }),
        },
        {
          id: 'ended_after_release',
          name: 'seconds from the release until everything had ended, the worst table',
          unit: 's',
          spread: spreadOf([Math.max(...endings)]),
        },
      ],
    };
  },
};

function others(dataset: Dataset, { options }: ScenarioContext, name: string): Promise<LoadRun> {
  return dataset.run({ ...options, name, connections: CONNECTIONS, perSecond: OTHERS_PER_SECOND });
}

async function measureLocked(
  dataset: Dataset,
  context: ScenarioContext,
  { name, service, rows, lock }: Case,
): Promise<{ loadRun: LoadRun; endedAfter: number }> {
  const shop = dataset.shop as LocalShop;
  const api = apiOf(shop);
  const user = await api.user();
  const items = await Promise.all(Array.from({ length: rows }, () => api.item()));
  const first = await api.order(user, items[0] as string);
  const orders = [first];
  // Rows that name a saga exist once it has begun.
  const isAboutSaga = ['sagas', 'reservations', 'charges'].includes(name);
  const needy: Promise<number>[] = isAboutSaga ? [api.checkout(first)] : [];
  const stranger = new Client({ connectionString: shop.databases[service] });
  await stranger.connect();
  await stranger.query('BEGIN');
  const { sql, keys } = lock({ items, user, orders });
  while ((await stranger.query(sql, [keys])).rowCount === 0) {
    await sleep(1);
  }
  let holding = true;
  const needing = (async () => {
    for (let i = 0; holding; i++) {
      const order =
        name === 'orders' || isAboutSaga ? first : await api.order(user, items[i % rows] as string);
      needy.push(api.checkout(order));
      await sleep(NEEDY_EVERY_MS);
    }
  })();
  const loadRun = await others(dataset, context, `${name}: locked`).finally(() => {
    holding = false;
  });
  await needing;
  await stranger.query('ROLLBACK');
  await stranger.end();
  const released = performance.now();
  await shop.waitUntilSettled();
  const endedAfter = (performance.now() - released) / 1_000;
  const wrong = (await Promise.all(needy)).filter((status) => ![200, 202, 409].includes(status));
  if (wrong.length > 0) {
    throw new Error(`Checkouts that needed a locked row of ${name} were answered ${wrong.join(', ')}.`);
  }
  shop.paidBefore += await paidOf(shop, user);
  return { loadRun, endedAfter };
}

/** The scenario's own buyers are not among those that the dataset counts. */
async function paidOf(shop: LocalShop, user: string): Promise<number> {
  const client = new Client({ connectionString: shop.databases.order });
  await client.connect();
  const sql = `SELECT count(*)::int AS paid FROM sagas WHERE user_id = $1 AND state = 'PAID'`;
  const { rows } = await client.query<{ paid: number }>(sql, [user]);
  await client.end();
  return rows[0]?.paid ?? 0;
}

function apiOf(shop: LocalShop) {
  const post = async (service: ServiceName, path: string) => {
    const answer = await fetch(new URL(path, shop.urls[service][0]), { method: 'POST' });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  return {
    async user(): Promise<string> {
      const user = (await post('payment', '/payment/create_user')).body.user_id as string;
      await post('payment', `/payment/add_funds/${user}/1000000`);
      return user;
    },
    async item(): Promise<string> {
      const item = (await post('stock', '/stock/item/create/1')).body.item_id as string;
      await post('stock', `/stock/add/${item}/1000000`);
      return item;
    },
    async order(user: string, item: string): Promise<string> {
      const order = (await post('order', `/orders/create/${user}`)).body.order_id as string;
      await post('order', `/orders/addItem/${order}/${item}/1`);
      return order;
    },
    checkout: async (order: string) => (await post('order', `/orders/checkout/${order}`)).status,
  };
}
