import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import * as z from 'zod';

/** Order did not answer, or so many wait for it that it was not asked. `cause` says what happened. */
export class OrderUnavailable extends Error {
  readonly code = 'ORDER_UNAVAILABLE';
  override readonly name = 'OrderUnavailable';
}

export interface Purchases {
  /**
   * Whether a user has bought an item, as order says. What was bought once stays bought, so that is remembered.
   * @param asker what the caller has shown, so that order decides whether they may know
   * @throws OrderUnavailable
   */
  has(bought: Bought, asker: Asker): Promise<boolean>;
}

interface Bought {
  readonly user_id: string;
  readonly item_id: string;
}
interface Asker {
  readonly authorization: string | undefined;
  readonly traceparent: string;
}

const TIMEOUT_MS = 3_000;
/** A connection that order has just closed says nothing about order, so it is asked once more. */
const TRIES = 2;
/** An order that does not answer must not take all the room that catalog has for requests that write. */
const MAX_WAITING = 250;
const MAX_REMEMBERED = 50_000;
/** In case the orders are replaced, as batch_init does. */
const REMEMBER_MS = 600_000;
const answer = z.object({ bought: z.boolean() });

export function openPurchases(orderUrl: string): Purchases {
  const { origin, pathname } = new URL(orderUrl);
  const prefix = pathname.replace(/\/$/, '');
  const order = new Pool(origin, { connections: 16, connect: { timeout: 1_000 }, maxResponseSize: 65_536 });
  const known = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: REMEMBER_MS });
  let waiting = 0;

  async function ask({ user_id, item_id }: Bought, { authorization, traceparent }: Asker): Promise<boolean> {
    const { statusCode, body } = await order.request({
      method: 'GET',
      path: `${prefix}/orders/bought/${user_id}/${item_id}`,
      headers: { traceparent, ...(authorization !== undefined && { authorization }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const content: unknown = await body.json();
    if (statusCode !== 200) {
      throw new Error(`order answered ${statusCode}`);
    }
    return answer.parse(content).bought;
  }

  async function askInTries(bought: Bought, asker: Asker): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask(bought, asker);
      } catch (cause) {
        if (tries === TRIES || (cause as Error).name === 'TimeoutError') {
          throw new OrderUnavailable('could not ask order what a user has bought', { cause });
        }
      }
    }
  }

  return {
    async has(bought, asker) {
      const key = `${bought.user_id} ${bought.item_id}`;
      if (known.has(key)) {
        return true;
      }
      if (waiting >= MAX_WAITING) {
        throw new OrderUnavailable(`${MAX_WAITING} requests wait for order already`);
      }
      waiting++;
      try {
        const isBought = await askInTries(bought, asker);
        if (isBought) {
          known.set(key, true);
        }
        return isBought;
      } finally {
        waiting--;
      }
    },
  };
}
