import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import type { Crowd } from './protocol';

/** How often stock and the page are read. It is the error of the result. */
const EVERY_MS = 20;

/** What stock said about an item, and when it was asked. */
interface Reading {
  readonly at: number;
  readonly units: number;
}

/**
 * Watches by how long a page is behind what can be sold, while an item is sold and never added to. A page with n units is as old
 * as the last time at which stock had n of them.
 */
export function watchLag({ stock, catalog }: Crowd['urls'], item: string) {
  let isOver = false;
  let behindMs = 0;
  const readings: Reading[] = [];

  async function repeatedly(url: string, path: string, see: (answer: Record<string, number>) => void) {
    const client = new Client(url);
    while (!isOver) {
      const { body } = await client.request({ method: 'GET', path });
      see((await body.json()) as Record<string, number>);
      await sleep(EVERY_MS);
    }
    await client.close();
  }

  const watching = Promise.all([
    repeatedly(stock, `/stock/find/${item}`, ({ stock = 0 }) =>
      readings.push({ at: performance.now(), units: stock }),
    ),
    repeatedly(catalog, `/catalog/products/${item}`, ({ quantity = 0 }) => {
      const last = readings.findLast(({ units }) => units >= quantity);
      if (last !== undefined && last !== readings.at(-1)) {
        behindMs = Math.max(behindMs, performance.now() - last.at);
      }
    }),
  ]);
  return {
    /** Returns the longest time by which the page was behind, in milliseconds. */
    async stop(): Promise<number> {
      isOver = true;
      await watching;
      return behindMs;
    },
  };
}
