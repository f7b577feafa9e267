import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Somebody's session that holds locks. */
export class Stranger {
  private constructor(private readonly client: Client) {}

  /** Lets somebody hold what `work` locks until that ends, with an error or without. */
  static async holds<T>(url: string, work: (stranger: Stranger) => Promise<T>): Promise<T> {
    const stranger = await Stranger.connect(url);
    try {
      return await work(stranger);
    } finally {
      await stranger.client.end();
    }
  }

  private static async connect(url: string): Promise<Stranger> {
    const client = new Client({ connectionString: url });
    // The statement that breaks reports the error.
    client.on('error', () => {});
    await client.connect();
    await client.query('BEGIN');
    return new Stranger(client);
  }

  /** Locks rows. Some exist only once a saga has begun, so they are looked for until all are held. */
  async lockRows(table: string, key: string, ids: readonly string[]): Promise<void> {
    const lock = `SELECT FROM ${table} WHERE ${key} = ANY ($1) FOR UPDATE`;
    while (((await this.client.query(lock, [ids])).rowCount ?? 0) < ids.length) {
      await sleep(1);
    }
  }

  /** Locks a table against writing. */
  async lockTable(table: string): Promise<void> {
    await this.client.query(`LOCK TABLE ${table} IN SHARE MODE`);
  }
}
