import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random';
import { Buyer } from './buyer';
import type { Client } from './client';
import type { Dataset } from './dataset';
import { Shopkeeper } from './shopkeeper';

export interface Load {
  /** Starts no more visits. Resolves when every buyer knows how its last checkout ended. */
  finish(): Promise<void>;
  /** Makes buyers without a final answer stop asking. */
  giveUp(): void;
  /** How many buyers have not finished. */
  activeBuyers(): number;
}

/**
 * The longest pause between two visits of a buyer. Long enough that the stress on the shop comes from the faults and
 * not from the load.
 */
const MAX_PAUSE_MS = 200;

const SHOPKEEPERS = 4;
const MAX_SHOPKEEPER_PAUSE_MS = 500;

/** @param buyers how many buyers there are, each with one request at a time, sometimes two */
export function startLoad(client: Client, dataset: Dataset, buyers: number, seed: number): Load {
  let isOpen = true;
  let mayRetry = true;
  let active = buyers;
  async function runBuyer(number: number): Promise<void> {
    const random = new Random(seed + number);
    const buyer = new Buyer(client, dataset, random, () => mayRetry);
    while (isOpen) {
      await sleep(random.between(0, MAX_PAUSE_MS));
      await buyer.visit();
    }
    active--;
  }
  async function runShopkeeper(number: number): Promise<void> {
    const random = new Random(seed - number);
    const shopkeeper = new Shopkeeper(client, dataset.products, random, () => mayRetry);
    while (isOpen) {
      await sleep(random.between(0, MAX_SHOPKEEPER_PAUSE_MS));
      await shopkeeper.visit();
    }
  }
  const everybody = Promise.all([
    ...Array.from({ length: buyers }, (_, i) => runBuyer(i + 1)),
    ...Array.from({ length: SHOPKEEPERS }, (_, i) => runShopkeeper(i + 1)),
  ]);
  return {
    async finish() {
      isOpen = false;
      await everybody;
    },
    giveUp() {
      mayRetry = false;
    },
    activeBuyers: () => active,
  };
}
