import { randomUUID } from 'node:crypto';
import { classify, type Exchange } from '../../audit/history/history';
import type { Random } from '../random';
import type { Client } from './client';
import type { Dataset } from './dataset';

/** Whoever has asked this often for something else than a checkout lets it be. */
const TRIES = 5;

/** Somebody in the shop. Whatever they do, they ask for a checkout until they know how it ended. */
export class Buyer {
  private lastOrder: string | undefined;

  constructor(
    private readonly client: Client,
    private readonly dataset: Dataset,
    private readonly random: Random,
    /** Whether it is worth asking once more. */
    private readonly patient: () => boolean,
  ) {}

  async visit(): Promise<void> {
    const ready = this.random.chance(0.75) ? this.dataset.nextOrder() : undefined;
    if (ready !== undefined) {
      return this.buy(ready);
    }
    if (this.random.chance(0.15)) {
      return this.trade();
    }
    if (this.lastOrder !== undefined && this.random.chance(0.15)) {
      return this.buy(this.lastOrder);
    }
    const order = await this.makeOrder();
    if (order !== undefined) {
      await this.buy(order);
    }
  }

  private async buy(order: string): Promise<void> {
    const { random } = this;
    const checkouts = [this.checkOut(order)];
    if (random.chance(0.08)) {
      checkouts.push(this.checkOut(order));
    }
    const [last] = await Promise.all(checkouts);
    this.lastOrder = order;
    if (random.chance(0.15)) {
      await this.lookAt(order);
    }
    if (last?.status === 409 && random.chance(0.3)) {
      await this.trade();
      await this.checkOut(order);
    }
  }

  private async checkOut(order: string): Promise<Exchange> {
    const path = `/orders/checkout/${order}`;
    if (this.random.chance(0.05)) {
      return this.checkOutLater(order);
    }
    const key = this.random.chance(0.1) ? randomUUID() : undefined;
    for (;;) {
      const exchange = await this.client.ask('POST', path, { key });
      const again = classify(exchange) === 'unknown' || exchange.status === 429;
      if (!again || !this.patient()) {
        return exchange;
      }
      await this.client.rest();
    }
  }

  /** Does not wait for the outcome, but looks at the order until there is one. */
  private async checkOutLater(order: string): Promise<Exchange> {
    const exchange = await this.client.ask('POST', `/orders/checkout/${order}`, { prefer: 'respond-async' });
    for (let state: unknown; state !== 'OPEN' && state !== 'PAID' && this.patient(); ) {
      await this.client.rest();
      state = (await this.client.ask('GET', `/orders/find/${order}`)).body?.status;
    }
    return exchange;
  }

  /** An order that has trouble in store more often than not. */
  private async makeOrder(): Promise<string | undefined> {
    const { random, dataset } = this;
    const stranger = random.chance(0.03);
    const user = random.chance(0.4)
      ? random.pick(dataset.poor)
      : String(random.between(0, dataset.users - 1));
    const made = await this.insist(`/orders/create/${stranger ? 'nobody' : user}`);
    const order = made.status === 200 ? (made.body?.order_id as string) : undefined;
    if (order === undefined) {
      return undefined;
    }
    for (let lines = random.between(1, 3); lines > 0; lines--) {
      const item = random.chance(0.5)
        ? random.pick(dataset.scarce)
        : String(random.between(0, dataset.items - 1));
      const added = await this.insist(`/orders/addItem/${order}/${item}/${random.between(1, 2)}`);
      if (classify(added) === 'unknown') {
        return undefined;
      }
    }
    return order;
  }

  /** Credit and stock come and go beside the checkouts. */
  private async trade(): Promise<void> {
    const { random, dataset } = this;
    const [user, item] = [random.pick(dataset.poor), random.pick(dataset.scarce)];
    await this.insist(
      random.pick([
        `/payment/add_funds/${user}/${random.between(10, 60)}`,
        `/payment/pay/${user}/${random.between(1, 20)}`,
        `/stock/add/${item}/${random.between(1, 6)}`,
        `/stock/subtract/${item}/1`,
      ]),
    );
  }

  /** What is read right after an answer must agree with it. */
  private async lookAt(order: string): Promise<void> {
    const { body } = await this.client.ask('GET', `/orders/find/${order}`);
    if (typeof body?.user_id !== 'string') {
      return;
    }
    const [line] = body.items as [string, number][];
    await this.client.ask('GET', `/payment/find_user/${body.user_id}`);
    if (line) {
      await this.client.ask('GET', `/stock/find/${line[0]}`);
    }
  }

  private insist(path: string): Promise<Exchange> {
    let tries = 0;
    return this.client.insist(path, () => ++tries < TRIES && this.patient());
  }
}
