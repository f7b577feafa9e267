import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { createLogger } from '../../shared/observe/log';
import { type Database, openDatabase } from '../../shared/postgres/database';
import type { Tx } from '../../shared/postgres/tx';
import type { ServiceName } from '../../shared/services';
import { createDatabase } from './cluster';

export const silent = createLogger({ service: 'test', level: 'silent', format: 'json' });

/** Where a step is tried: a database of the service's own, emptied before each test and added up after it. */
export interface StepFixture {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs `second` while what `first` did is not committed yet, and lets it find that out for itself. */
  overlap<A, B>(first: (tx: Tx) => Promise<A>, second: (tx: Tx) => Promise<B>): Promise<[A, B]>;
}

/** @param broken a query that returns the rows that do not add up: none, after every test */
export function stepFixture(service: ServiceName, tables: string, broken: string): StepFixture {
  let database: Database;
  let pool: Pool;
  const query: StepFixture['query'] = async (text, values = []) => (await pool.query(text, values)).rows;

  beforeAll(async () => {
    const url = await createDatabase(service);
    database = openDatabase({ url, poolSize: 8, log: silent });
    pool = new Pool({ connectionString: url, max: 2 });
  });
  beforeEach(() => query(`TRUNCATE ${tables} RESTART IDENTITY CASCADE`));
  afterEach(async () => expect(await query(broken)).toEqual([]));
  afterAll(() => Promise.all([database.close(), pool.end()]));

  return {
    transaction: (work) => database.transaction(work),
    query,
    async overlap(first, second) {
      let letGo = () => {};
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      let begun = false;
      let over = false;
      const one = database.transaction(async (tx) => {
        const result = await first(tx);
        begun = true;
        await held;
        return result;
      });
      while (!begun) {
        await Promise.race([one, sleep(2)]);
      }
      const two = database.transaction(second).finally(() => {
        over = true;
      });
      const blocked = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      while (!over && (await query(blocked)).length === 0) {
        await sleep(2);
      }
      letGo();
      return Promise.all([one, two]);
    },
  };
}
