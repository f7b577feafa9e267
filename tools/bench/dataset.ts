import type { CheckoutName } from '../../shared/services';
import { latencyOf } from './load/histogram';
import type { Load } from './load/load';
import type { LoadRun, LoadRunOptions } from './load-run';
import { meanBatches, readBatches } from './measure/batch-sizes';
import { difference, readCpu, readMachineCpu } from './measure/cpu';
import type { MeasuredShop } from './rig/shop';
import type { TokenAccess } from './rig/token-access';

export const PRICE = 1;
/** More than any load run uses up. */
export const PLENTY = 1_000_000;

/** A warm-up has at most this many stretches. */
const MAX_STRETCHES = 10;
/** Throughput that grows by less than this factor counts as noise. */
const RISING = 1.03;

export interface Goods {
  credit: number;
  stock: number;
}

/** The users, items and orders that load runs work on. `batch_init` creates them; each order is checked out once. */
export class Dataset {
  /** The first order that has not been checked out. */
  private next: number;
  /** How many orders all load runs have used up, warm-ups included. */
  used = 0;
  private paid = 0;
  private paidBeforeFill = 0;
  private goods: Goods;
  /** Set while the services want tokens. */
  access: TokenAccess | undefined;
  private buyerOf: readonly number[] = [];

  constructor(
    readonly shop: MeasuredShop,
    private readonly load: Load,
    /** The number of users and of items. By default, there are as many orders. */
    private readonly size: number,
    private readonly orders: number = size,
    /** To how many users the orders belong. */
    private readonly buyers: number = size,
  ) {
    this.next = orders;
    this.goods = { credit: PLENTY, stock: PLENTY };
  }

  /** Refills the shop. Returns how many seconds each of the three batch_init requests took. */
  async fill(goods: Partial<Goods> = {}): Promise<{ users: number; items: number; orders: number }> {
    // Once users and items are replaced, the totals no longer show what was sold before.
    if (this.paid > this.paidBeforeFill) {
      await this.assertBalanced();
    }
    this.paidBeforeFill = this.paid;
    this.goods = { credit: PLENTY, stock: PLENTY, ...goods };
    const { credit, stock } = this.goods;
    const users = await this.batchInit('payment', `/payment/batch_init/${this.size}/${credit}`);
    const items = await this.batchInit('stock', `/stock/batch_init/${this.size}/${stock}/${PRICE}`);
    return { users, items, orders: await this.fillOrders() };
  }

  /**
   * Refills the orders. Returns how many seconds batch_init took.
   * @param items `any` spreads the orders over all items, `hot` gives all of them one item in common
   */
  async fillOrders(items: 'any' | 'hot' = 'any'): Promise<number> {
    const itemCount = items === 'hot' && !this.shop.addHotItem ? 2 : this.size;
    const path = `/orders/batch_init/${this.orders}/${itemCount}/${this.buyers}/${PRICE}`;
    const seconds = await this.batchInit('order', path);
    if (items === 'hot') {
      await this.shop.addHotItem?.();
    }
    await this.shop.prepare();
    this.buyerOf = (await this.access?.readBuyers()) ?? [];
    this.next = 0;
    return seconds;
  }

  private async batchInit(service: CheckoutName, path: string): Promise<number> {
    const began = performance.now();
    const answer = await fetch(new URL(path, this.shop.urls[service][0]), {
      method: 'POST',
      headers: this.access ? { authorization: `Bearer ${this.access.staff}` } : {},
    });
    const text = await answer.text();
    if (answer.status !== 200) {
      throw new Error(`POST ${path} was answered ${answer.status}: ${text}`);
    }
    return (performance.now() - began) / 1_000;
  }

  /** How many orders are left for another load run. */
  private get left(): number {
    return this.orders - this.next;
  }

  /** Refills the orders if too few are left for a load run. Call it before something that batch_init must not wait for. */
  async makeRoom({ connections, seconds, warmUpSeconds, perSecond }: LoadRunOptions): Promise<void> {
    const needed =
      perSecond === undefined ? this.orders / 2 : perSecond * (seconds + warmUpSeconds) * 1.1 + connections;
    if (this.left < Math.min(needed, this.orders)) {
      await this.fillOrders();
    }
  }

  /** Checks out one order after the other. @throws Error when an answer is not the expected one */
  async run({ answer = '200', ...options }: LoadRunOptions): Promise<LoadRun> {
    const { name, connections, seconds, warmUpSeconds, perSecond } = options;
    await this.makeRoom(options);
    const groups = { ...this.shop.groups(), load: [this.load.pid] };
    const readAllCpu = () => ({ ...readCpu(groups), machine: readMachineCpu() });
    let [before, after] = [readAllCpu(), readAllCpu()];
    const batches = await readBatches(this.shop.internalUrls);
    const result = await this.load.run(
      {
        urls: this.shop.urls.order,
        connections,
        first: this.next,
        end: this.orders,
        warmUpMs: warmUpSeconds * 1_000,
        forMs: seconds * 1_000,
        perSecond,
        ...(this.access && { authorize: { tokens: this.access.tokens, buyerOf: this.buyerOf } }),
      },
      {
        begin: () => {
          before = readAllCpu();
        },
        end: () => {
          after = readAllCpu();
        },
      },
    );
    this.next += result.used;
    this.used += result.used;
    this.paid += result.allAnswers['200'] ?? 0;
    const unexpected = Object.keys(result.allAnswers).filter((other) => other !== answer);
    if (unexpected.length > 0) {
      const counts = JSON.stringify(result.allAnswers);
      throw new Error(
        `Every checkout of "${name}" should have been answered ${answer}. The answers: ${counts}.`,
      );
    }
    const checkouts = Object.values(result.answers).reduce((sum, count) => sum + count, 0);
    if (checkouts === 0) {
      throw new Error(
        `"${name}" ran out of orders before the measurement began: no checkout was measured. Raise --size.`,
      );
    }
    const total = Object.values(result.allAnswers).reduce((sum, count) => sum + count, 0);
    return {
      name,
      connections,
      ...(perSecond !== undefined && { arrivalsPerSecond: perSecond }),
      seconds: result.seconds,
      checkouts,
      perSecond: checkouts / result.seconds,
      answers: result.answers,
      latencyMs: latencyOf(result.histogram),
      histogram: result.histogram,
      everySecond: result.everySecond,
      cpuSeconds: difference(after, before),
      batchSizes: meanBatches(await readBatches(this.shop.internalUrls), batches),
      httpBytes: { sent: result.bytes.sent / total, received: result.bytes.received / total },
    };
  }

  /**
   * Runs unmeasured checkouts until throughput stops growing from one stretch to the next: newly started processes have
   * gone from 1,400 a second to 2,600 within 22 s while V8 compiled its hot code. A quick run does one stretch.
   */
  async warmUp({ warmUpSeconds, quick }: { warmUpSeconds: number; quick: boolean }): Promise<void> {
    const seconds = Math.max(warmUpSeconds, 0.2);
    const maxStretches = quick || warmUpSeconds === 0 ? 1 : MAX_STRETCHES;
    let [best, sinceBest] = [0, 0];
    for (let stretch = 1; stretch <= maxStretches && sinceBest < 2; stretch++) {
      const { perSecond } = await this.run({ name: 'warm-up', connections: 256, seconds, warmUpSeconds: 0 });
      const rises = perSecond > best * RISING;
      sinceBest = rises ? 0 : sinceBest + 1;
      if (rises) {
        best = perSecond;
      }
    }
  }

  /** @throws Error when the books disagree with each other, or with the answers that the load got */
  assertBalanced(): Promise<void> {
    const { credit, stock } = this.goods;
    // batch_init gives each order one unit of each of two items.
    const units = (this.paid - this.paidBeforeFill) * 2;
    return this.shop.assertBalanced({
      paid: this.paid,
      filled: { credit, stock, units, spent: units * PRICE },
    });
  }
}
