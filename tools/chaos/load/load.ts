import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random';
import { Buyer } from './buyer';
import type { Client } from './client';
import type { Dataset } from './dataset';

export interface Load {
  /** No visit begins any more; resolves when everybody knows how their last checkout ended. */
  finish(): Promise<void>;
  /** Whoever has no answer yet leaves without one. */
  giveUp(): void;
  /** Buyers who have not left. */
  inside(): number;
}

/** How long a buyer rests between two visits, at the most: enough for the load to be the faults' and not the buyers'. */
const REST_MS = 200;

/** @param buyers connections to the shop, each with one request at a time, or two */
export function startLoad(client: Client, dataset: Dataset, buyers: number, seed: number): Load {
  let open = true;
  let patient = true;
  let inside = buyers;
  async function shop(number: number): Promise<void> {
    const random = new Random(seed + number);
    const buyer = new Buyer(client, dataset, random, () => patient);
    while (open) {
      await sleep(random.between(0, REST_MS));
      await buyer.visit();
    }
    inside--;
  }
  const everybody = Promise.all(Array.from({ length: buyers }, (_, i) => shop(i + 1)));
  return {
    async finish() {
      open = false;
      await everybody;
    },
    giveUp() {
      patient = false;
    },
    inside: () => inside,
  };
}
