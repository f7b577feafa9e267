import { Client } from 'pg';
import { PRICE } from '../dataset';
import type { Databases } from './environment';

/** Orders are written in chunks of this size, so that progress can be reported. */
const CHUNK = 100_000;
const DAY_MS = 86_400_000;

export interface OrderHistory {
  orders: number;
  /** The number of users and of items. All of them take part. */
  size: number;
}

/**
 * Gives a shop a history of paid orders: "h1", "h2" and so on, spread over the last day, each with an idempotency key.
 * The rows go straight into the tables, as the services would have left them. The books balance: the credit and the
 * stock of every purchase were added first.
 */
export async function writeOrderHistory(
  databases: Databases,
  { orders, size }: OrderHistory,
  say: (text: string) => void,
): Promise<void> {
  const began = Date.now() - DAY_MS - 60_000;
  const at = `to_timestamp((${began} + k * ${DAY_MS / orders}) / 1000.0)`;
  // Ids ascend with time, as if each order was checked out when it was created. All three databases have the same.
  const saga =
    `(lpad(to_hex(floor(${began} + k * ${DAY_MS / orders})::bigint), 12, '0') || '7' || substr(md5(k::text), 1, 3) || ` +
    `'a' || substr(md5(k::text), 4, 15))::uuid`;
  const [user, item, other] = ['k', 'k', 'k + 1'].map((k) => `((${k}) % ${size})::text`);
  const amount = 2 * PRICE;
  const trace = `'00-' || md5(k::text) || '-b7ad6b7169203331-01'`;
  const purchase = `${saga}, 'h' || k, ${user}, ${amount}`;
  const statements = {
    order: [
      `INSERT INTO orders (id, user_id, saga_id, created_at) SELECT 'h' || k, ${user}, ${saga}, ${at} FROM history`,
      `INSERT INTO order_lines (order_id, item_id, quantity, price)
       SELECT 'h' || k, item, 1, ${PRICE} FROM history, unnest(ARRAY[${item}, ${other}]) AS item`,
      `INSERT INTO sagas (id, order_id, user_id, amount, state, traceparent, opened_at, deadline_at, settled_at)
       SELECT ${purchase}, 'PAID', ${trace}, ${at}, ${at} + interval '8 s', ${at} + interval '50 ms' FROM history`,
      `INSERT INTO idempotency_keys (key, fingerprint, saga_id, created_at)
       SELECT 'h' || k, md5(k::text), ${saga}, ${at} FROM history`,
    ],
    stock: [
      `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, traceparent, created_at, updated_at)
       SELECT ${purchase}, ARRAY[${item}, ${other}], ARRAY[1, 1], 'COMMITTED', ${trace}, ${at}, ${at} FROM history`,
      `INSERT INTO stock_ledger (item_id, delta, kind, created_at)
       SELECT item, count(*), 'add', min(${at}) FROM history, unnest(ARRAY[${item}, ${other}]) AS item GROUP BY item`,
      `INSERT INTO stock_ledger (item_id, delta, kind, saga_id, created_at)
       SELECT item, -1, 'sale', ${saga}, ${at} FROM history, unnest(ARRAY[${item}, ${other}]) AS item`,
    ],
    payment: [
      `INSERT INTO charges (saga_id, order_id, user_id, amount, state, created_at)
       SELECT ${purchase}, 'CAPTURED', ${at} FROM history`,
      `INSERT INTO credit_ledger (user_id, delta, kind, created_at)
       SELECT ${user}, count(*) * ${amount}, 'add_funds', min(${at}) FROM history GROUP BY 1`,
      `INSERT INTO credit_ledger (user_id, delta, kind, saga_id, order_id, created_at)
       SELECT ${user}, -${amount}, 'capture', ${saga}, 'h' || k, ${at} FROM history`,
    ],
  };
  const write = async (service: keyof typeof statements) => {
    const client = new Client({ connectionString: databases[service] });
    await client.connect();
    try {
      for (let first = 1; first <= orders; first += CHUNK) {
        const last = Math.min(orders, first + CHUNK - 1);
        const chunk = `FROM generate_series(${first}, ${last}) AS history (k)`;
        for (const statement of statements[service]) {
          await client.query(statement.replace('FROM history', chunk));
        }
        say(`${service}'s history: ${last.toLocaleString('en')} of ${orders.toLocaleString('en')} orders`);
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all((Object.keys(statements) as (keyof typeof statements)[]).map(write));
}
