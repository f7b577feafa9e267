import pg from 'pg';
import { errorsIn, reasonOf } from '../errors';
import { DatabaseUnavailable } from './errors';

/** All connections are in use, or so many ask for one that another would wait too long. The database was not asked. */
export class Overloaded extends DatabaseUnavailable {
  override readonly code = 'OVERLOADED';
  override readonly name = 'Overloaded';
}

/** Beyond this many, those that ask for a connection are refused. */
const MAX_WAITING = 500;
/** When the first in the queue has waited this long, those that ask for a connection are refused. */
const MAX_WAIT_MS = 500;
/** Unless no more than this many wait: then one slow transaction is the likely reason. */
const FEW = 100;
/** What node-postgres says when no connection became free in time, whether there are any or not. */
const NONE_FREE = 'timeout exceeded when trying to connect';

/** Prisma wraps what the pool throws, and keeps its code. */
export function isOverloaded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'OVERLOADED';
}

type Callback = Parameters<pg.Pool['connect']>[0];

/** A pool whose queue is bounded: it refuses at once what it could not serve in time. */
export class BoundedPool extends pg.Pool {
  /** When each of those that wait began to, the longest wait first. */
  private readonly waiting = new Set<{ since: number }>();
  /** Connections that are being opened do not count. */
  private inUse = 0;

  constructor(options: pg.PoolConfig) {
    super(options);
    this.on('acquire', () => this.inUse++);
    this.on('release', () => this.inUse--);
  }

  /** Whether `connect` refuses. */
  isBusy(): boolean {
    const [first] = this.waiting;
    const isSlow = first !== undefined && performance.now() - first.since > MAX_WAIT_MS;
    return (
      this.waiting.size >= MAX_WAITING || (this.waiting.size > FEW && isSlow && this.areAllConnectionsInUse())
    );
  }

  /** Otherwise those that wait do so for a connection to be opened: it is the database that is late. */
  private areAllConnectionsInUse(): boolean {
    return this.inUse >= this.options.max;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    const client = this.wait();
    if (callback === undefined) {
      return client;
    }
    client.then(
      (client) => callback(undefined, client, client.release),
      (error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }

  private async wait(): Promise<pg.PoolClient> {
    if (this.isBusy()) {
      throw new Overloaded('too many transactions wait for a database connection');
    }
    const entry = { since: performance.now() };
    this.waiting.add(entry);
    try {
      return await super.connect();
    } catch (error) {
      throw error instanceof Error && error.message === NONE_FREE && this.areAllConnectionsInUse()
        ? new Overloaded('no database connection became free in time', { cause: error })
        : asSocketError(error);
    } finally {
      this.waiting.delete(entry);
    }
  }
}

/**
 * When a name has several addresses and none can be reached, returns one error that Prisma recognizes as a socket's, with
 * the reasons of all. It takes any other error for a fault of the query.
 */
function asSocketError(error: unknown): unknown {
  const [first] = errorsIn(error);
  if (first === undefined) {
    return error;
  }
  const { code, errno, syscall } = first;
  return Object.assign(new Error(reasonOf(error)), { code, errno, syscall });
}
