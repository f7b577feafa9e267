import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Runs one query on a connection of its own. */
export async function query<Row extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Checks that every balance is the sum of its ledger entries: all money and all stock can be recomputed from them. */
export async function expectLedgersToBalance(databases: { payment?: string; stock?: string }): Promise<void> {
  if (databases.payment !== undefined) {
    expect(await query(databases.payment, UNBALANCED_USERS)).toEqual([]);
  }
  if (databases.stock !== undefined) {
    expect(await query(databases.stock, UNBALANCED_ITEMS)).toEqual([]);
  }
}

const UNBALANCED_USERS = `
  SELECT user_id, credit, ledger_sum
  FROM (SELECT id AS user_id, credit FROM users) balances
  FULL JOIN (SELECT user_id, sum(delta) AS ledger_sum FROM credit_ledger GROUP BY user_id) ledger USING (user_id)
  WHERE credit IS NULL OR credit <> coalesce(ledger_sum, 0)`;

const UNBALANCED_ITEMS = `
  SELECT item_id, owned, ledger_sum
  FROM (SELECT id AS item_id, available + coalesce(reserved, 0) AS owned FROM items
        LEFT JOIN (SELECT item_id, sum(quantity) AS reserved
                   FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
                   WHERE state = 'RESERVED' GROUP BY item_id) reservations ON item_id = id) balances
  FULL JOIN (SELECT item_id, sum(delta) AS ledger_sum FROM stock_ledger GROUP BY item_id) ledger USING (item_id)
  WHERE owned IS NULL OR owned <> coalesce(ledger_sum, 0)`;

/** Waits until outboxes are empty, and returns every row of every table of databases. */
export async function readTables(
  databases: Readonly<Record<string, string>>,
): Promise<Record<string, unknown[]>> {
  const tables: Record<string, unknown[]> = {};
  for (const [service, url] of Object.entries(databases)) {
    const names = await query<{ name: string }>(
      url,
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_prisma%'`,
    );
    while (
      names.some(({ name }) => name === 'outbox') &&
      (await query(url, 'SELECT FROM outbox')).length > 0
    ) {
      await sleep(20);
    }
    for (const { name } of names) {
      tables[`${service}.${name}`] = await query(url, `SELECT * FROM "${name}" t ORDER BY t::text`);
    }
  }
  return tables;
}
