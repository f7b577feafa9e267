import { randomUUID } from 'node:crypto';
import { classify, type Exchange } from '../../audit/history/history';
import type { Random } from '../random';
import type { Client } from './client';
import type { Dataset } from './dataset';

/** A buyer gives up on a request that is not a checkout after this many tries. */
const MAX_TRIES = 5;

/** A simulated buyer. Whatever else happens, it repeats a checkout until it knows the outcome. */
export class Buyer {
  private lastOrder: string | undefined;
  /** What the last order that this buyer has created is of. */
  private basket: { order: string; user: string; products: string[] } | undefined;

  constructor(
    private readonly client: Client,
    private readonly dataset: Dataset,
    private readonly random: Random,
    /** Whether a request without a final answer may be repeated. */
    private readonly mayRetry: () => boolean,
  ) {}

  async visit(): Promise<void> {
    const prepared = this.random.chance(0.75) ? this.dataset.nextOrder() : undefined;
    if (prepared !== undefined) {
      return this.buy(prepared);
    }
    if (this.random.chance(0.15)) {
      return this.changeBalances();
    }
    if (this.lastOrder !== undefined && this.random.chance(0.15)) {
      return this.buy(this.lastOrder);
    }
    const order = await this.createOrder();
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
    const [first] = await Promise.all(checkouts);
    this.lastOrder = order;
    if (first?.status === 200 && random.chance(0.5)) {
      await this.vote(order);
    }
    if (random.chance(0.15)) {
      await this.readBack(order);
    }
    if (first?.status === 409 && random.chance(0.3)) {
      await this.changeBalances();
      await this.checkOut(order);
    }
  }

  /** Gives stars to what was bought. */
  private async vote(order: string): Promise<void> {
    const { basket, random } = this;
    if (basket?.order === order && basket.products.length > 0) {
      const item = random.pick(basket.products);
      await this.sendUntilKnown(`/catalog/vote/${basket.user}/${item}/${random.between(1, 5)}`);
    }
  }

  private async checkOut(order: string): Promise<Exchange> {
    const path = `/orders/checkout/${order}`;
    if (this.random.chance(0.05)) {
      return this.checkOutAsync(order);
    }
    const key = this.random.chance(0.1) ? randomUUID() : undefined;
    for (;;) {
      const exchange = await this.client.send('POST', path, { key });
      const isUndecided = classify(exchange) === 'unknown' || exchange.status === 429;
      if (!isUndecided || !this.mayRetry()) {
        return exchange;
      }
      await this.client.pauseBeforeRetry();
    }
  }

  /** Asks for an answer at once, and then polls the order until there is an outcome, or a restore has taken it back. */
  private async checkOutAsync(order: string): Promise<Exchange> {
    const exchange = await this.client.send('POST', `/orders/checkout/${order}`, { prefer: 'respond-async' });
    for (let isOver = false; !isOver && this.mayRetry(); ) {
      await this.client.pauseBeforeRetry();
      const { status, body } = await this.client.send('GET', `/orders/find/${order}`);
      isOver = status === 404 || (status === 200 && body?.status !== 'CHECKING_OUT');
    }
    return exchange;
  }

  /** Creates an order that will probably be refused or wait: poor user, scarce items. Returns its id. */
  private async createOrder(): Promise<string | undefined> {
    const { random, dataset } = this;
    const isUnknownUser = random.chance(0.03);
    const user = random.chance(0.4)
      ? random.pick(dataset.poor)
      : String(random.between(0, dataset.users - 1));
    const created = await this.sendUntilKnown(`/orders/create/${isUnknownUser ? 'nobody' : user}`);
    const order = created.status === 200 ? (created.body?.order_id as string) : undefined;
    if (order === undefined) {
      return undefined;
    }
    const isProduct = (item: string) => dataset.products.some(({ item_id }) => item_id === item);
    const products: string[] = [];
    for (let lines = random.between(1, 3); lines > 0; lines--) {
      const item = random.chance(0.5)
        ? random.pick(dataset.scarce)
        : String(random.between(0, dataset.items - 1));
      const added = await this.sendUntilKnown(`/orders/addItem/${order}/${item}/${random.between(1, 2)}`);
      if (classify(added) === 'unknown') {
        return undefined;
      }
      if (classify(added) === 'done' && isProduct(item)) {
        products.push(item);
      }
    }
    this.basket = { order, user, products };
    return order;
  }

  /** Changes credit or stock while checkouts are under way. */
  private async changeBalances(): Promise<void> {
    const { random, dataset } = this;
    const [user, item] = [random.pick(dataset.poor), random.pick(dataset.scarce)];
    await this.sendUntilKnown(
      random.pick([
        `/payment/add_funds/${user}/${random.between(10, 60)}`,
        `/payment/pay/${user}/${random.between(1, 20)}`,
        `/stock/add/${item}/${random.between(1, 6)}`,
        `/stock/subtract/${item}/1`,
      ]),
    );
  }

  /** Reads order, user and item right after an answer. The audit checks that the reads agree with it. */
  private async readBack(order: string): Promise<void> {
    const { body } = await this.client.send('GET', `/orders/find/${order}`);
    if (typeof body?.user_id !== 'string') {
      return;
    }
    const [line] = body.items as [string, number][];
    await this.client.send('GET', `/payment/find_user/${body.user_id}`);
    if (line) {
      await this.client.send('GET', `/stock/find/${line[0]}`);
    }
  }

  private sendUntilKnown(path: string): Promise<Exchange> {
    let tries = 0;
    return this.client.sendUntilKnown(path, () => ++tries < MAX_TRIES && this.mayRetry());
  }
}
