import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../observe/log';
import { asDatabaseFault, isRace } from './errors';
import type { Statement } from './statement';
import { OpenTransaction } from './transaction';

/**
 * The promise of this file: when `transaction` resolves, PostgreSQL has said COMMIT; when it rejects, nothing
 * happened, unless the error is CommitUnknown.
 */

/**
 * An open transaction. Statements are sent as they are issued, so independent ones may be issued together. One that is
 * not waited for when the work ends goes ahead of COMMIT and undoes the transaction if it fails.
 */
export interface Tx {
  /** @throws DatabaseError (with its SQLSTATE) or DatabaseUnavailable */
  run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Database {
  /** Runs `work` in one transaction, again if another transaction got in its way: `work` may run several times. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Resolves when the database answers. */
  ready(): Promise<void>;
  close(): Promise<void>;
  /** For libraries that bring their own queries. */
  readonly pool: pg.Pool;
}

/** How often work that lost a race is run before its error is passed on. */
const MAX_RACES = 10;

// Every BIGINT here is CHECKed to stay within 2^53 - 1, so a number holds it exactly; arrays of them have a type of their own.
const INT8_ARRAY = 1016 as unknown as typeof pg.types.builtins.INT8;
const parseArray: (text: string) => string[] = pg.types.getTypeParser(INT8_ARRAY);
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(INT8_ARRAY, (text) => parseArray(text).map(Number));

/** @param options.url a postgresql:// URL; the defaults of node-postgres wait for ever, so every wait is bounded here */
export function openDatabase(options: { url: string; poolSize: number; log: Logger }): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 20_000,
    // The server's own timeouts cannot reach us when the network is gone.
    query_timeout: 35_000,
    // A prepared statement keeps its plan. One that was made while a table was small would go on reading all of it, and
    // one that was made while a table had not been analysed would go on starting processes to help it read nothing.
    options: '-c enable_seqscan=off -c max_parallel_workers_per_gather=0',
  });
  pool.on('error', (error) => options.log.warn({ err: error }, 'an idle database connection was lost'));
  // Without a listener, an error on a client that is checked out would end the process; its query rejects anyway.
  pool.on('connect', (client) => client.on('error', () => {}));

  async function attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error) => {
      throw asDatabaseFault(error);
    });
    let broken = true;
    try {
      const tx = new OpenTransaction(client);
      let result: T;
      try {
        result = await work(tx);
      } catch (error) {
        broken = await tx.rollback();
        throw error;
      }
      await tx.commit();
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }

  return {
    pool,
    async transaction(work) {
      for (let races = 1; ; races++) {
        try {
          return await attempt(work);
        } catch (error) {
          if (!isRace(error) || races === MAX_RACES) throw error;
          await sleep(Math.random() * 5 * races);
        }
      }
    },
    async ready() {
      await pool.query('SELECT 1').catch((error) => {
        throw asDatabaseFault(error);
      });
    },
    close: () => pool.end(),
  };
}
