import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import * as z from 'zod';
import type { Traceparent } from '../../../shared/observe/trace';

/** Stock did not answer, or its answer is not a price. `cause` says what happened. */
export class StockUnavailable extends Error {
  readonly code = 'STOCK_UNAVAILABLE';
  override readonly name = 'StockUnavailable';
}

export interface Prices {
  /**
   * Returns the price of an item, or undefined if there is no such item.
   * @throws {StockUnavailable}
   */
  get(itemId: string, traceparent: Traceparent): Promise<number | undefined>;
  /** Empties the cache. Call it when the data of the whole shop is replaced. */
  clear(): void;
}

/** A connection to a lost node answers nothing, and the next attempt has another connection. */
const ATTEMPT_MS = 3_000;
const PAUSE_MS = 250;
/** Longer than stock waits for its database (shared/postgres/patience.ts). */
const WITHIN_MS = 22_000;
/** A stock that does not answer must not take all the room that order has for requests that write. */
const MAX_WAITING = 200;

const priceAnswer = z.object({ price: z.int().min(0) });
const noSuchItem = z.object({ reason: z.literal('unknown_item') });

/**
 * Caches the prices that stock returns, because the price of an item never changes. Only batch_init can replace it, so
 * the cache keeps a price for a minute and not for ever. Concurrent calls for the same item share one request.
 * @param withinMs how long stock is asked again when it does not answer
 */
export function openPrices(stockUrl: string, withinMs = WITHIN_MS): Prices {
  const { origin, pathname } = new URL(stockUrl);
  const prefix = pathname.replace(/\/$/, '');
  const pool = new Pool(origin, { connections: 16, connect: { timeout: 1_000 }, maxResponseSize: 65_536 });
  const cache = new LRUCache<string, number, Traceparent>({
    max: 50_000,
    ttl: 60_000,
    ignoreFetchAbort: true,
    fetchMethod: (itemId, _stale, { context }) => fetchPrice(itemId, context),
  });
  let waiting = 0;
  return {
    async get(itemId, traceparent) {
      const known = cache.get(itemId);
      if (known !== undefined) {
        return known;
      }
      if (waiting >= MAX_WAITING) {
        throw new StockUnavailable(`${MAX_WAITING} requests wait for stock already`);
      }
      waiting++;
      try {
        return await cache.fetch(itemId, { context: traceparent });
      } finally {
        waiting--;
      }
    },
    clear: () => cache.clear(),
  };

  async function fetchPrice(itemId: string, traceparent: Traceparent): Promise<number | undefined> {
    try {
      return priceIn(await ask(itemId, traceparent));
    } catch (cause) {
      throw new StockUnavailable('could not read a price from stock', { cause });
    }
  }

  /** Reading a price can be repeated, so it is, until there is an answer. */
  async function ask(itemId: string, traceparent: Traceparent): Promise<Answer> {
    for (const end = performance.now() + withinMs; ; await sleep(PAUSE_MS)) {
      try {
        const { statusCode, body } = await pool.request({
          method: 'GET',
          path: `${prefix}/stock/find/${itemId}`,
          headers: { traceparent },
          signal: AbortSignal.timeout(ATTEMPT_MS),
        });
        return { statusCode, content: await body.text() };
      } catch (error) {
        if (performance.now() > end) {
          throw error;
        }
      }
    }
  }
}

interface Answer {
  readonly statusCode: number;
  readonly content: string;
}

/** @returns undefined if there is no such item. @throws Error when the answer says neither */
function priceIn({ statusCode, content }: Answer): number | undefined {
  const answer: unknown = JSON.parse(content);
  // Any other 404 does not come from stock, so it says nothing about the item.
  if (statusCode === 404 && noSuchItem.safeParse(answer).success) {
    return undefined;
  }
  return priceAnswer.parse(answer).price;
}
