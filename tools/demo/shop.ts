import { z } from 'zod';
import type { DemoClient, Outcome } from './client';

export interface Buyer {
  readonly name: string;
  readonly id: string;
  readonly given: number;
}

export interface Good {
  readonly name: string;
  readonly id: string;
  readonly price: number;
  readonly putIn: number;
}

export interface Order {
  readonly id: string;
  /** The last answer to its buyer. */
  outcome?: Outcome;
}

const userId = z.object({ user_id: z.string() });
const itemId = z.object({ item_id: z.string() });
const orderId = z.object({ order_id: z.string() });
const user = z.object({ credit: z.int() });
const item = z.object({ stock: z.int() });
const order = z.object({
  paid: z.boolean(),
  total_cost: z.int(),
  items: z.array(z.tuple([z.string(), z.int()])),
});
export type FoundOrder = z.infer<typeof order>;

/** The demo's own buyers, goods and orders in the shop, and a record of all that was put in, to compare at the end. */
export class DemoShop {
  readonly buyers: Buyer[] = [];
  readonly goods: Good[] = [];
  readonly orders: Order[] = [];

  constructor(private readonly client: DemoClient) {}

  get origin(): string {
    return this.client.url.origin;
  }

  async addBuyer(name: string, credit: number): Promise<Buyer> {
    const { user_id } = await this.client.call('POST', '/payment/create_user', userId);
    await this.client.call('POST', `/payment/add_funds/${user_id}/${credit}`, z.unknown());
    const buyer = { name, id: user_id, given: credit };
    this.buyers.push(buyer);
    return buyer;
  }

  async addGood(name: string, price: number, putIn: number): Promise<Good> {
    const { item_id } = await this.client.call('POST', `/stock/item/create/${price}`, itemId);
    await this.client.call('POST', `/stock/add/${item_id}/${putIn}`, z.unknown());
    const good = { name, id: item_id, price, putIn };
    this.goods.push(good);
    return good;
  }

  async placeOrder(buyer: Buyer, lines: readonly (readonly [Good, number])[]): Promise<Order> {
    const { order_id } = await this.client.call('POST', `/orders/create/${buyer.id}`, orderId);
    for (const [good, quantity] of lines) {
      await this.client.call('POST', `/orders/addItem/${order_id}/${good.id}/${quantity}`, z.unknown());
    }
    const placed = { id: order_id };
    this.orders.push(placed);
    return placed;
  }

  async removeOne(placed: Order, good: Good): Promise<void> {
    await this.client.call('DELETE', `/orders/removeItem/${placed.id}/${good.id}`, z.unknown());
  }

  async checkOut(placed: Order): Promise<Outcome> {
    placed.outcome = await this.client.checkOut(placed.id);
    return placed.outcome;
  }

  async creditOf(buyer: Buyer): Promise<number> {
    return (await this.client.call('GET', `/payment/find_user/${buyer.id}`, user)).credit;
  }

  async stockOf(good: Good): Promise<number> {
    return (await this.client.call('GET', `/stock/find/${good.id}`, item)).stock;
  }

  find(placed: Order): Promise<FoundOrder> {
    return this.client.call('GET', `/orders/find/${placed.id}`, order);
  }
}
