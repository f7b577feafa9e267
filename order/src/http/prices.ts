import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import * as z from 'zod';
import type { Traceparent } from '../../../shared/observe/trace';

/** Stock does not answer, or does not answer sensibly. `cause` says what happened. */
export class StockUnavailable extends Error {
  readonly code = 'STOCK_UNAVAILABLE';
  override readonly name = 'StockUnavailable';
}

export interface Prices {
  /**
   * The price of an item, or undefined when there is no such item.
   * @throws {StockUnavailable}
   */
  of(itemId: string, traceparent: Traceparent): Promise<number | undefined>;
  /** Forgets every price: called when all of the shop's data are replaced. */
  clear(): void;
}

const TIMEOUT_MS = 3_000;

const answer = z.object({ price: z.int().min(0) });
const noSuchItem = z.object({ reason: z.literal('unknown_item') });

/**
 * Prices come from stock and never change once an item exists, so they are kept. Only batch_init can replace them,
 * which is why they are kept for a minute and not for ever. Requests for the same item at the same time share one.
 */
export function openPrices(stockUrl: string): Prices {
  const { origin, pathname } = new URL(stockUrl);
  const prefix = pathname.replace(/\/$/, '');
  const pool = new Pool(origin, { connections: 16, connect: { timeout: 1_000 }, maxResponseSize: 65_536 });
  const cache = new LRUCache<string, number, Traceparent>({
    max: 50_000,
    ttl: 60_000,
    ignoreFetchAbort: true,
    fetchMethod: (itemId, _stale, { context }) => ask(itemId, context),
  });
  return {
    of: (itemId, traceparent) => cache.fetch(itemId, { context: traceparent }),
    clear: () => cache.clear(),
  };

  async function ask(itemId: string, traceparent: Traceparent): Promise<number | undefined> {
    try {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: `${prefix}/stock/find/${itemId}`,
        headers: { traceparent },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const content = await body.json();
      // Any other 404 comes from somebody who is not stock.
      if (statusCode === 404 && noSuchItem.safeParse(content).success) {
        return undefined;
      }
      return answer.parse(content).price;
    } catch (cause) {
      throw new StockUnavailable('stock did not answer with a price', { cause });
    }
  }
}
