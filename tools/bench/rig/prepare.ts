import { Client } from 'pg';
import type { Databases, Environment } from './environment';

/**
 * Does at once what the server would do within minutes of loading many rows, and would otherwise do in the middle of
 * some measurement: it vacuums and counts them, and writes them to their files.
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

/** Everybody who has not tried to buy yet wants item "0", beside whatever else they want. */
export async function heat(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `UPDATE order_lines SET item_id = '0'
     FROM (SELECT l.order_id, min(l.item_id) AS item_id
           FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.saga_id IS NULL
           GROUP BY l.order_id HAVING NOT bool_or(l.item_id = '0')) AS cold
     WHERE order_lines.order_id = cold.order_id AND order_lines.item_id = cold.item_id`,
  );
  await client.end();
}
