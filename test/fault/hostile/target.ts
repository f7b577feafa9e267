import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { participantNames } from '../../../shared/services';
import type { ApiClient } from '../../support/api-client';
import { readTables } from '../../support/books';
import { ShopProcesses } from '../../support/shop';

type Headers = Readonly<Record<string, string>>;

/** The sagas that stay open: one has its item reserved, the other waits for it. */
const UNDECIDED = 2;

/**
 * A shop with an order in every state, so that a hostile input that gets through finds something to change. An input
 * contains a name between two `@` where the id goes, as in `/orders/checkout/@open@`.
 */
export class Target {
  readonly api: ApiClient;
  private readonly ids = new Map<string, string>();
  private readonly pids: (number | undefined)[];

  private constructor(
    readonly shop: ShopProcesses,
    private readonly connection: ChannelModel,
    readonly channel: ConfirmChannel,
    headers: Headers,
  ) {
    this.api = shop.client({}, headers);
    this.pids = shop.replicas.map((replica) => replica.process.pid);
  }

  /**
   * @param all settings of every service
   * @param headers with which the rows are made
   */
  static async open(all: Record<string, string> = {}, headers: Headers = {}): Promise<Target> {
    // No deadline passes during the test, so sagas in flight change only if an input changes them.
    const never = { ASK_AFTER_MS: '3600000' };
    const shop = await ShopProcesses.open({
      services: participantNames,
      env: { all, order: { CANCEL_AFTER_MS: '3600000' }, stock: never, catalog: never },
    });
    try {
      const connection = await connect(shop.amqp);
      const channel = await connection.createConfirmChannel();
      await openUndecidedSagas(shop, channel, headers);
      const target = new Target(shop, connection, channel, headers);
      await target.createRows();
      return target;
    } catch (error) {
      await shop.close();
      throw error;
    }
  }

  private async createRows(): Promise<void> {
    const { api, ids } = this;
    const [user, poor] = await Promise.all([api.user(100), api.user(0)]);
    const [item, soldOut] = await Promise.all([api.item(1, 100), api.item(1, 0)]);
    const orders: Record<string, Promise<string>> = {
      empty: api.order(user, {}),
      open: api.order(user, { [item]: 1 }),
      paid: api.order(user, { [item]: 2 }),
      failed: api.order(poor, { [item]: 1 }),
      rejected: api.order(user, { [soldOut]: 1 }),
    };
    for (const name of ['paid', 'failed', 'rejected']) {
      await api.checkout((await orders[name]) as string);
    }
    await api.must(`/payment/pay/${user}/${await orders.empty}/1`);
    for (const path of [`/payment/add_funds/${user}/1`, `/stock/add/${item}/1`, `/orders/create/${user}`]) {
      await api.post(path, { 'Idempotency-Key': 'used' });
    }
    for (const [name, id] of Object.entries({ user, item, poor })) {
      ids.set(name, id);
    }
    for (const [name, id] of Object.entries(orders)) {
      ids.set(name, await id);
    }
    for (const { id, state } of await this.undecidedOrders()) {
      ids.set(state.toLowerCase(), id);
    }
    for (const [name, id] of [...ids]) {
      const { body } = await api.get(`/orders/find/${id}`);
      if (body.saga_id) {
        ids.set(`${name}.saga`, body.saga_id);
      }
    }
  }

  /**
   * Waits until only the undecided orders have reservations that can change, and returns them. A checkout is answered
   * when order knows how it ended, which stock may hear later.
   */
  private async undecidedOrders(): Promise<{ id: string; state: string }[]> {
    for (;;) {
      const open = await this.shop.rows<{ id: string; state: string }>(
        'stock',
        `SELECT order_id AS id, state FROM reservations WHERE state IN ('RESERVED', 'WAITING')`,
      );
      if (open.length <= UNDECIDED) {
        return open;
      }
      await sleep(20);
    }
  }

  /** Replaces every `@name@` with its id. */
  insertIds(text: string): string {
    return text.replace(/@([\w.]+)@/g, (match, name) => this.ids.get(name) ?? match);
  }

  /** Waits until all else has ended and the outboxes are empty, and returns every row of every table of the three databases. */
  async readTables(): Promise<Record<string, unknown[]>> {
    await this.undecidedOrders();
    return readTables(this.shop.databases);
  }

  /** Asserts that the processes are the ones that were started, and that they complete a checkout. */
  async assertHealthy(): Promise<void> {
    expect(this.shop.replicas.map(({ process }) => process.pid)).toEqual(this.pids);
    expect(this.shop.replicas.map(({ process }) => process.exitCode ?? process.signalCode)).toEqual(
      this.shop.replicas.map(() => null),
    );
    await this.shop.ready();
    const [user, item] = await Promise.all([this.api.user(10), this.api.item(1, 10)]);
    expect((await this.api.checkout(await this.api.order(user, { [item]: 1 }))).status).toBe(200);
  }

  /** Returns a counter, summed over its labels and the services. */
  async readCounter(metric: string): Promise<number> {
    const scrapes = this.shop.replicas.map(async ({ internalUrl }) =>
      (await fetch(`${internalUrl}/metrics`)).text(),
    );
    const samples = (await Promise.all(scrapes))
      .join('\n')
      .matchAll(new RegExp(`^${metric}\\S* (\\d+)$`, 'gm'));
    return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Lets the deadlines pass, waits until everything has ended, checks the invariants, and stops the shop. */
  async close(): Promise<void> {
    await this.shop.rows('order', `UPDATE sagas SET deadline_at = now() WHERE state = 'PENDING'`);
    await this.shop.balances();
    await this.connection.close();
    await this.api.close();
    await this.shop.close();
  }
}

/** Two checkouts of the last unit of an item: one has it reserved, the other waits. Payment never hears of either. */
async function openUndecidedSagas(
  shop: ShopProcesses,
  channel: ConfirmChannel,
  headers: Headers,
): Promise<void> {
  const api = shop.client({}, headers);
  const [user, item] = await Promise.all([api.user(10), api.item(1, 1)]);
  const orders = await Promise.all(Array.from({ length: UNDECIDED }, () => api.order(user, { [item]: 1 })));
  for (const replica of shop.of('payment')) {
    await shop.end(replica, 'SIGTERM');
  }
  for (const [i, order] of orders.entries()) {
    await api.checkout(order, { Prefer: 'respond-async' });
    while ((await shop.rows('stock', 'SELECT FROM reservations')).length <= i) {
      await sleep(20);
    }
  }
  while ((await channel.checkQueue('payment.charge')).messageCount === 0) {
    await sleep(20);
  }
  await channel.purgeQueue('payment.charge');
  for (const replica of shop.of('payment')) {
    shop.start(replica);
  }
  await shop.ready();
  await api.close();
}
