import type { CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import type { Surroundings } from './surroundings';
import { addFunds, addItem, changeStock, type InitialShop, services } from './world';

const TRACE = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`;
/** Orders that buyers come back to: the last ones, some of which are being checked out. */
const RECENT = 20;

/** Those who use the shop: they order, check out, now and then twice, and change credit and stock meanwhile. */
export class People {
  private requests = 0;

  constructor(
    private readonly around: Surroundings,
    private readonly shop: InitialShop,
  ) {}

  request(): CheckoutRequest {
    const { random, world } = this.around;
    const count = world.order.orders.size;
    const order_id =
      count > 0 && random.chance(0.4)
        ? String(random.between(Math.max(0, count - RECENT), count - 1))
        : this.openOrder(String(count));
    this.requests++;
    const key = `key${random.between(0, 200)}`;
    return {
      order_id,
      saga_id: String(this.requests),
      may_open: random.chance(0.99),
      traceparent: TRACE,
      ...(random.chance(0.1) && { idempotency: { key, fingerprint: order_id } }),
    };
  }

  /** @returns items of which those who wait must be told */
  async changeSomething(): Promise<readonly string[]> {
    const { random, world, rules } = this.around;
    const change = random.pick([-5, -1, 1, 5, 20]);
    switch (random.pick(services)) {
      case 'order': {
        const orderId = String(random.between(0, world.order.orders.size));
        await this.around.atOnce('order', (tx) => addItem(tx, world, orderId, rules));
        return [];
      }
      case 'payment': {
        const user = random.pick(Object.keys(this.shop.users));
        await this.around.atOnce('payment', (tx) => addFunds(tx, user, change));
        return [];
      }
      case 'stock': {
        const item = random.pick(Object.keys(this.shop.items));
        return this.around.atOnce('stock', (tx) => changeStock(tx, item, change));
      }
    }
  }

  private openOrder(id: string): string {
    const { random, world } = this.around;
    const user_id = random.chance(0.01) ? 'nobody' : random.pick(Object.keys(this.shop.users));
    const items = Object.entries(this.shop.items);
    const some = items.filter(() => random.chance(0.4));
    const lines = (some.length > 0 ? some : items).map(([item_id, { price }]) => {
      return { order_id: id, item_id, quantity: random.between(1, 3), price };
    });
    world.order.orders.set(id, { id, user_id, saga_id: null });
    world.order.lines.set(id, lines);
    return id;
  }
}
