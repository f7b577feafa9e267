import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Logger } from '../../shared/observe/log';
import type { BoundedPool } from '../../shared/postgres/bounded-pool';
import { groupOf } from './address-group';
import type { Client } from './http/client-address';
import { type Consumed, consume, ofTable, tooMany } from './points';
import { openTurns } from './turns';

/**
 * Who guesses passwords comes from few addresses, and each gets few tries. Nobody counts the tries for an account from
 * everywhere: otherwise whoever knows somebody's e-mail address could lock them out. So many times in so many seconds:
 */
const LIMITS = {
  /** Wrong passwords from one address. Many people may share it. */
  address: { points: 20, duration: 600 },
  /** Wrong passwords for one account from one address. */
  account: { points: 5, duration: 300 },
  /** Registrations from one address. */
  registration: { points: 30, duration: 3_600 },
};
/** Attempts of one address at one replica, whether they succeed or not: each takes a processor for a while. */
const RATE = { points: 60, duration: 60 };
/** How long a replica goes by what it has read in the table. */
const REMEMBER_S = 5;
/** The most addresses and accounts of which a replica remembers that. */
const MAX_REMEMBERED = 20_000;

/** So many attempts in a minute weigh as much as one mistake, and so does one that was given up in the line. */
const FREE_ATTEMPTS = 10;
/** Of one address, waiting or not: others must not wait behind it. */
const AT_A_TIME_FROM_ONE = 4;

export interface Throttle {
  /**
   * Makes an attempt to prove who one is, in its turn, and counts it. It counts no more unless `work` returns undefined: the
   * proof was wrong.
   * @throws {Refusal} with 429, or with 503 when too many wait
   */
  attempt<T>(client: Client, account: string, work: () => Promise<T | undefined>): Promise<T | undefined>;
  /** @throws {Refusal} with 429, or with 503 when too many wait */
  registration<T>(client: Client, work: () => Promise<T>): Promise<T>;
}

export interface ThrottleOptions {
  /** Of its own: who logs in must not wait for the connections of others. */
  readonly pool: BoundedPool;
  /** How many attempts get their turn in a second. */
  readonly perSecond: number;
  /** The table has hashes that are made with it, because the keys say who tried to log in, and from where. */
  readonly secret: string;
  readonly log: Logger;
}

/**
 * Replicas count mistakes together, in a table. Whoever has made the fewest lately goes first, and of those the last to come: so
 * guesses from a hundred addresses do not keep out who knows the password. The table is written when somebody's turn has
 * come: most guesses are refused before, and must cost next to nothing.
 */
export function openThrottle({ pool, perSecond, secret, log }: ThrottleOptions): Throttle {
  const limiter = (name: keyof typeof LIMITS) =>
    new RateLimiterPostgres({
      ...LIMITS[name],
      storeClient: pool,
      storeType: 'pool',
      tableName: 'attempts',
      tableCreated: true,
      keyPrefix: name,
      inMemoryBlockOnConsumed: LIMITS[name].points + 1,
      inMemoryBlockDuration: REMEMBER_S,
      clearExpiredByTimeout: name === 'address',
    });
  const mistakesFrom = limiter('address');
  const mistakesAt = limiter('account');
  const registrations = limiter('registration');
  const rate = new RateLimiterMemory(RATE);
  const turns = openTurns(perSecond);
  const inProgress = new Map<string, number>();
  /** Points, by key. Those of an address that is not there are read. */
  const remembered = new LRUCache<string, number>({
    max: MAX_REMEMBERED,
    ttl: REMEMBER_S * 1_000,
    ignoreFetchAbort: true,
    fetchMethod: async (key) => (await ofTable(mistakesFrom.get(key)))?.consumedPoints ?? 0,
  });
  const hashed = (key: string) => createHmac('sha256', secret).update(key).digest('base64url');

  /** Runs `work` beside others. What it does in its turn comes the sooner, the fewer mistakes there were lately. */
  async function admitted<T>(
    from: string,
    gone: AbortSignal,
    work: (takeTurn: TakeTurn) => Promise<T>,
  ): Promise<T> {
    const others = inProgress.get(from) ?? 0;
    if (others >= AT_A_TIME_FROM_ONE) {
      throw tooMany(1);
    }
    inProgress.set(from, others + 1);
    let hasBegun = false;
    try {
      const { consumedPoints } = await consume(rate, from);
      return await work((mistakes, turn) =>
        turns.take(mistakes + others + Math.floor(consumedPoints / FREE_ATTEMPTS), gone, () => {
          hasBegun = true;
          return turn();
        }),
      );
    } catch (error) {
      if (gone.aborted && !hasBegun) {
        // Otherwise whoever hangs up and comes again would always be the last to come.
        await rate.penalty(from, FREE_ATTEMPTS);
      }
      throw error;
    } finally {
      const left = (inProgress.get(from) ?? 1) - 1;
      if (left === 0) {
        inProgress.delete(from);
      } else {
        inProgress.set(from, left);
      }
    }
  }

  /** What was done stays done, and what is answered stays true, whether the table can be written or not. */
  async function giveBack(limiter: RateLimiterPostgres, { key, until }: Consumed): Promise<void> {
    // In another window, a point that is given back would be one more than there are.
    if (performance.now() < until) {
      await limiter.reward(key).catch((error) => log.warn({ err: error }, 'could not take back an attempt'));
    }
  }

  /** Does work that is a mistake if it returns undefined. It counts before the work begins, so that nobody tries in parallel. */
  async function counted<T>(
    keys: Readonly<Record<'address' | 'account', string>>,
    work: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const fromAddress = await consume(mistakesFrom, keys.address);
    let atAccount: Consumed;
    try {
      atAccount = await consume(mistakesAt, keys.account);
    } catch (error) {
      await giveBack(mistakesFrom, fromAddress);
      throw error;
    }
    let isWrong = false;
    try {
      const result = await work();
      isWrong = result === undefined;
      return result;
    } finally {
      if (isWrong) {
        remembered.set(keys.address, fromAddress.consumedPoints);
        remembered.set(keys.account, atAccount.consumedPoints);
      } else {
        await Promise.all([giveBack(mistakesFrom, fromAddress), giveBack(mistakesAt, atAccount)]);
      }
    }
  }

  return {
    attempt({ address, gone }, account, work) {
      const from = groupOf(address);
      const keys = { address: hashed(from), account: hashed(`${from} ${account}`) };
      return admitted(from, gone, async (takeTurn) => {
        const mistakes = (await remembered.fetch(keys.address)) ?? 0;
        const atAccount = remembered.get(keys.account) ?? 0;
        const isOver = mistakes >= LIMITS.address.points || atAccount >= LIMITS.account.points;
        // Whoever has no attempt left need not wait to be told.
        return isOver
          ? counted(keys, () => takeTurn(mistakes, work))
          : takeTurn(mistakes, () => counted(keys, work));
      });
    },
    registration({ address, gone }, work) {
      const from = groupOf(address);
      return admitted(from, gone, async (takeTurn) => {
        await consume(registrations, hashed(from));
        return takeTurn(0, work);
      });
    },
  };
}

/** Resolves with what happens in a turn. @param mistakes of the same address lately */
type TakeTurn = <T>(mistakes: number, turn: () => Promise<T>) => Promise<T>;
