import { randomUUID } from 'node:crypto';
import { classify, type Exchange } from '../../audit/history/history';
import type { Client } from './client';

/** Puts units into the shop, with the same key until that is known. 202 says that it will happen. */
export async function stock(
  client: Client,
  stocked: { name: string; quantity: number; price: number },
  mayRetry: () => boolean,
): Promise<Exchange> {
  const key = randomUUID();
  for (;;) {
    const exchange = await client.send('POST', '/catalog/products', { key, content: stocked });
    if (exchange.status === 202 || classify(exchange) !== 'unknown' || !mayRetry()) {
      return exchange;
    }
    await client.pauseBeforeRetry();
  }
}
