import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { type Database, openDatabase } from '../../shared/postgres/database';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import type { ParticipantName } from '../../shared/services';
import { createDatabase } from './servers';
import { silent } from './silent';

const flush = statement('step_fixture_flush', 'SELECT 1');

/** A database of the service for the tests of a step. It is emptied before each test and checked after it. */
export interface StepFixture {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs `second` before `first` commits. `first` commits once `second` has ended or waits for a lock. */
  overlap<A, B>(first: (tx: Tx) => Promise<A>, second: (tx: Tx) => Promise<B>): Promise<[A, B]>;
}

/** @param broken a query that returns the rows that do not add up: none, after every test */
export function stepFixture(service: ParticipantName, tables: string, broken: string): StepFixture {
  let database: Database;
  let pool: Pool;
  const query: StepFixture['query'] = async (text, values = []) => (await pool.query(text, values)).rows;

  beforeAll(async () => {
    const url = await createDatabase(service);
    database = openDatabase({ name: 'test', url, poolSize: 8, log: silent });
    pool = new Pool({ connectionString: url, max: 2 });
  });
  beforeEach(() => query(`TRUNCATE ${tables} RESTART IDENTITY CASCADE`));
  afterEach(async () => expect(await query(broken)).toEqual([]));
  afterAll(() => Promise.all([database.close(), pool.end()]));

  return {
    transaction: (work) => database.transaction(work),
    query,
    async overlap(first, second) {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let firstIsDone = false;
      let secondHasEnded = false;
      const firstResult = database.transaction(async (tx) => {
        const result = await first(tx);
        // A step sends its last statements without waiting for them; they must have run before the second begins.
        await tx.run(flush);
        firstIsDone = true;
        await released;
        return result;
      });
      while (!firstIsDone) {
        await Promise.race([firstResult, sleep(2)]);
      }
      const secondResult = database.transaction(second).finally(() => {
        secondHasEnded = true;
      });
      const blocked = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      while (!secondHasEnded && (await query(blocked)).length === 0) {
        await sleep(2);
      }
      release();
      return Promise.all([firstResult, secondResult]);
    },
  };
}
