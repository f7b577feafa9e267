import type { Random } from '../random';
import type { Client } from './client';
import { PRICE, type Product } from './dataset';
import { stock } from './stock';

/** New products are rare: each is one more that everybody reads. */
const NEW_SHARE = 0.05;
const MAX_TRIES = 20;
const MAX_UNITS = 5;

/** A simulated shopkeeper, who puts units of products into the shop, known ones and new ones. */
export class Shopkeeper {
  constructor(
    private readonly client: Client,
    private readonly products: readonly Product[],
    private readonly random: Random,
    /** Whether a request without a final answer may be repeated. */
    private readonly mayRetry: () => boolean,
  ) {}

  async visit(): Promise<void> {
    const { random, client } = this;
    const name = random.chance(NEW_SHARE)
      ? `Find ${random.between(1, 1_000_000)}`
      : random.pick(this.products).name;
    let tries = 0;
    const mayRetry = () => ++tries < MAX_TRIES && this.mayRetry();
    await stock(client, { name, quantity: random.between(1, MAX_UNITS), price: PRICE }, mayRetry);
    if (random.chance(0.3)) {
      await client.send('GET', '/catalog/products?sort=newest&limit=10');
    }
  }
}
