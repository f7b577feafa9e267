import type { CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import type { Infrastructure } from './infrastructure';
import { addFunds, addItem, changeStock, type InitialShop, services } from './world';

const TRACE = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`;
/** Repeated checkouts choose among this many of the latest orders, and some of these are still being checked out. */
const RECENT = 20;

/** The users of the shop. They create orders, check them out, sometimes twice, and change credit and stock. */
export class Workload {
  /** How many were created. A restore may have taken some of them back. */
  private orders = 0;

  constructor(
    private readonly infra: Infrastructure,
    private readonly shop: InitialShop,
  ) {}

  nextCheckout(): CheckoutRequest {
    const { random } = this.infra;
    const order_id =
      this.orders > 0 && random.chance(0.4)
        ? String(random.between(Math.max(0, this.orders - RECENT), this.orders - 1))
        : this.createOrder(String(this.orders++));
    const key = `key${random.between(0, 200)}`;
    return {
      order_id,
      only_of: undefined,
      may_open: random.chance(0.99),
      traceparent: TRACE,
      ...(random.chance(0.1) && { idempotency: { key, fingerprint: order_id } }),
    };
  }

  /**
   * Adds to an order, or changes credit or stock.
   * @returns the items to serve to waiting sagas
   */
  async changeSomething(): Promise<readonly string[]> {
    const { random, world, rules } = this.infra;
    const change = random.pick([-5, -1, 1, 5, 20]);
    switch (random.pick(services)) {
      case 'order': {
        const orderId = String(random.between(0, this.orders));
        await this.infra.runAtomically('order', (tx) => addItem(tx, world, orderId, rules));
        return [];
      }
      case 'payment': {
        const user = random.pick(Object.keys(this.shop.users));
        await this.infra.runAtomically('payment', (tx) => addFunds(tx, user, change));
        return [];
      }
      case 'stock': {
        const item = random.pick(Object.keys(this.shop.items));
        return this.infra.runAtomically('stock', (tx) => changeStock(tx, item, change));
      }
    }
  }

  private createOrder(id: string): string {
    const { random, world } = this.infra;
    const user_id = random.chance(0.01) ? 'nobody' : random.pick(Object.keys(this.shop.users));
    const items = Object.entries(this.shop.items);
    const chosen = items.filter(() => random.chance(0.4));
    const lines = (chosen.length > 0 ? chosen : items).map(([item_id, { price }]) => {
      return { order_id: id, item_id, quantity: random.between(1, 3), price };
    });
    world.order.orders.set(id, { id, user_id, saga_id: null });
    world.order.lines.set(id, lines);
    return id;
  }
}
