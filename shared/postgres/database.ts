import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../observe/log';
import { applicationName } from './application-name';
import { BoundedPool } from './bounded-pool';
import { asRefusal, causeOf, type FaultCause, isRace } from './errors';
import { OpenTransaction } from './transaction';
import type { Tx } from './tx';

/**
 * The guarantee of this file: when `transaction` resolves, PostgreSQL has confirmed the COMMIT; when it rejects,
 * nothing happened, unless the error is CommitUnknown.
 */

export interface Database {
  /** Runs `work` in one transaction, and again if it lost a race: `work` may run several times. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Resolves when the database answers. */
  ready(): Promise<void>;
  close(): Promise<void>;
  /** For libraries that run their own queries (Prisma). They can only read: its sessions are read-only. */
  readonly pool: BoundedPool;
}

/** After a fault of one of these causes, the session can be used again. */
const SESSION_IS_SOUND: ReadonlySet<FaultCause> = new Set(['work', 'locked']);

/** The most runs of work that keeps losing races; then its error is thrown. */
const MAX_RACES = 10;

// Every BIGINT here is CHECKed to stay within 2^53 - 1, so a number holds it exactly. Arrays of them are a type of
// their own.
const INT8_ARRAY = 1016 as unknown as typeof pg.types.builtins.INT8;
const parseArray: (text: string) => string[] = pg.types.getTypeParser(INT8_ARRAY);
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(INT8_ARRAY, (text) => parseArray(text).map(Number));

/**
 * A prepared statement keeps its plan. A plan made while a table was small would keep reading the whole table, and one
 * made before the table was analysed would keep starting parallel workers for nothing.
 */
const KEPT_PLAN_SETTINGS = '-c enable_seqscan=off -c max_parallel_workers_per_gather=0';
/**
 * For statements that find any number of rows by their keys: one plan serves them all, is made once, and finds the rows
 * in the order of the keys, so it also locks them in that order.
 */
const KEY_LOOKUP_SETTINGS = '-c plan_cache_mode=force_generic_plan -c enable_bitmapscan=off';
/**
 * A transaction of ours is hardly ever idle. A process that is frozen in the middle of one must not keep its locks for
 * long; a pause of the garbage collector is much shorter.
 */
const IDLE_IN_TRANSACTION_MS = 3_000;
/** Short, so that the sessions soon learn that the server has been made read-only. */
const MAX_LIFETIME_SECONDS = 60;

export interface DatabaseOptions {
  /** Who connects and what for, such as "order saga": pg_stat_activity shows it to operators. */
  readonly name: string;
  /** A postgresql:// URL. The defaults of node-postgres wait for ever, so every wait is bounded here. */
  readonly url: string;
  readonly poolSize: number;
  readonly log: Logger;
  /** Whether statements read whole tables or search them, as the auditor's do; then the planner chooses how. */
  readonly wholeTables?: boolean;
  /** How long a statement waits for a lock. */
  readonly lockTimeoutMs?: number;
  /** How long a statement takes at most. */
  readonly statementTimeoutMs?: number;
}

/** Opens connections for a library that writes, in transactions of its own. */
export function openWritingPool(options: DatabaseOptions): BoundedPool {
  return openPool(options);
}

function openPool(
  options: DatabaseOptions,
  onConnect?: (client: pg.ClientBase) => Promise<void>,
): BoundedPool {
  const pool = new BoundedPool({
    connectionString: options.url,
    application_name: applicationName(options.name),
    max: options.poolSize,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    lock_timeout: options.lockTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: options.wholeTables ? 20_000 : IDLE_IN_TRANSACTION_MS,
    // The server's own timeouts do not help when the network is gone.
    query_timeout: 35_000,
    options: options.wholeTables ? KEPT_PLAN_SETTINGS : `${KEPT_PLAN_SETTINGS} ${KEY_LOOKUP_SETTINGS}`,
    ...(onConnect && { onConnect }),
  });
  pool.on('error', (error) => options.log.warn({ err: error }, 'lost an idle database connection'));
  // Without a listener, an error on a client that is checked out would end the process; its query rejects anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

export function openDatabase(options: DatabaseOptions): Database {
  /** Sessions on a read-only server: a standby, or a server that an operator has made read-only. */
  const readOnly = new WeakSet<pg.ClientBase>();
  const pool = openPool(options, makeReadOnly);

  /**
   * Writing statements are sent along with BEGIN. If BEGIN were refused, each would be committed on its own. So the
   * session is read-only, and only BEGIN READ WRITE lets a transaction write. That must not override a server that is
   * already read-only.
   */
  async function makeReadOnly(client: pg.ClientBase): Promise<void> {
    const { rows } = await client.query(`SELECT current_setting('transaction_read_only') AS setting`);
    if (rows[0].setting === 'on') {
      readOnly.add(client);
    }
    await client.query('SET default_transaction_read_only = on');
  }

  async function attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error) => {
      throw asRefusal(error);
    });
    const tx = new OpenTransaction(client, readOnly.has(client) ? 'READ ONLY' : 'READ WRITE');
    // A read-only session is not used again: the server may be writable by the next time.
    let broken = readOnly.has(client);
    try {
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      // The session may be lost, or hold what made the error, such as a plan for a table that has changed since.
      const suspect = !isRace(error) && !SESSION_IS_SOUND.has(causeOf(error));
      broken ||= suspect || (await tx.rollback());
      throw error;
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
          if (!isRace(error) || races === MAX_RACES) {
            throw error;
          }
          await sleep(Math.random() * 5 * races);
        }
      }
    },
    async ready() {
      await pool.query('SELECT 1').catch((error) => {
        throw asRefusal(error);
      });
    },
    close: () => pool.end(),
  };
}
