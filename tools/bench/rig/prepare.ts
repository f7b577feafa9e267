import { Client } from 'pg';
import type { Databases, Environment } from './environment';

/**
 * Vacuums and analyzes the new rows, and writes them to disk. The server would do this by itself within minutes, in the
 * middle of a measurement.
 */
export async function prepare(environment: Environment, databases: Databases): Promise<void> {
  for (const url of Object.values(databases)) {
    const client = new Client({ connectionString: environment.url(new URL(url).pathname.slice(1)) });
    await client.connect();
    await client.query('VACUUM (ANALYZE)');
    await client.end();
  }
  await environment.admin.query('CHECKPOINT');
}

/** Returns the buyer of each order: both have numbers as ids. */
export async function readBuyers(url: string): Promise<number[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ buyer: number }>(
    'SELECT user_id::int AS buyer FROM orders ORDER BY id::int',
  );
  await client.end();
  return rows.map(({ buyer }) => buyer);
}

/** Replaces one item of every order without a checkout with item "0". The other item stays. */
export async function addHotItem(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `UPDATE order_lines SET item_id = '0'
     FROM (SELECT l.order_id, min(l.item_id) AS item_id
           FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.saga_id IS NULL
           GROUP BY l.order_id HAVING NOT bool_or(l.item_id = '0')) AS replaced
     WHERE order_lines.order_id = replaced.order_id AND order_lines.item_id = replaced.item_id`,
  );
  await client.end();
}
