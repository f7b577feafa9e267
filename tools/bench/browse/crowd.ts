import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../../shared/root';
import type { Crowd, CrowdResult } from './protocol';

/** Lets a crowd into the shop, from a process of its own. */
export async function letIn(crowd: Crowd): Promise<CrowdResult> {
  const child = fork(join(root, 'dist/tools/bench/browse/worker.js'), { execArgv: ['--enable-source-maps'] });
  try {
    child.send(crowd);
    const ended = once(child, 'exit').then(() => {
      throw new Error('The process that is the crowd ended unexpectedly.');
    });
    const [result] = await Promise.race([once(child, 'message'), ended]);
    return result as CrowdResult;
  } finally {
    child.kill('SIGKILL');
  }
}

const UNITS = 1_000_000_000;

/** Puts products into the shop. Returns their items once they can be bought. */
export async function stockProducts(catalogUrl: string, count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const answer = await fetch(`${catalogUrl}/catalog/products`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ name: `Lamp ${n + 1}`, quantity: UNITS, price: 1, picture: 'parcel' },
          ...{
            description: 'It burns all night, and needs little oil.',
            categories: n % 2 === 0 ? ['Lamps'] : [],
          },
        }),
      });
      const { item_id } = (await answer.json()) as { item_id?: string };
      if (item_id === undefined) {
        throw new Error(`Catalog answered ${answer.status} to a new product.`);
      }
      while ((await fetch(`${catalogUrl}/catalog/products/${item_id}`)).status !== 200) {
        await sleep(50);
      }
      return item_id;
    }),
  );
}
