import { Pool } from 'undici';
import * as z from 'zod';

/** Order did not answer. `cause` says what happened. */
export class OrderUnavailable extends Error {
  readonly code = 'ORDER_UNAVAILABLE';
  override readonly name = 'OrderUnavailable';
}

export interface Purchases {
  /**
   * Whether a user has bought an item, as order says.
   * @param asker what the caller has shown, so that order decides whether they may know
   * @throws OrderUnavailable
   */
  has(
    bought: { user_id: string; item_id: string },
    asker: { authorization: string | undefined; traceparent: string },
  ): Promise<boolean>;
}

const TIMEOUT_MS = 3_000;
const answer = z.object({ bought: z.boolean() });

export function openPurchases(orderUrl: string): Purchases {
  const { origin, pathname } = new URL(orderUrl);
  const prefix = pathname.replace(/\/$/, '');
  const order = new Pool(origin, { connections: 16, connect: { timeout: 1_000 }, maxResponseSize: 65_536 });
  return {
    async has({ user_id, item_id }, { authorization, traceparent }) {
      try {
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
      } catch (cause) {
        throw new OrderUnavailable('could not ask order what a user has bought', { cause });
      }
    },
  };
}
