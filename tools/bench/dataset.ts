import type { ServiceName } from '../../shared/services';
import { latencyOf } from './load/histogram';
import type { Load } from './load/load';
import type { LoadRun, LoadRunOptions } from './load-run';
import { meanBatches, readBatches } from './measure/batch-sizes';
import { difference, readCpu, readMachineCpu } from './measure/cpu';
import type { MeasuredShop } from './rig/shop';

export const PRICE = 1;
/** More than anybody can spend. */
export const PLENTY = 1_000_000;

/** Of a warm-up, at most. */
const STRETCHES = 10;
/** What counts as more than before, and not as noise. */
const RISING = 1.03;

export interface Goods {
  credit: number;
  stock: number;
}

/**
 * What is for sale in a shop and who buys it: users, items and orders made by `batch_init`, each order checked out once.
 */
export class Dataset {
  /** The first order that nobody has checked out. */
  private next: number;
  /** Orders that all loadRuns have used up, warm-ups included. */
  used = 0;
  private paid = 0;
  private paidBeforeFill = 0;
  private goods: Goods;

  constructor(
    readonly shop: MeasuredShop,
    private readonly load: Load,
    /** Users and items; and orders, as many unless told. */
    private readonly size: number,
    private readonly orders: number = size,
  ) {
    this.next = orders;
    this.goods = { credit: PLENTY, stock: PLENTY };
  }

  /** Fills the shop anew; answers how many seconds each of the three took. */
  async fill(goods: Partial<Goods> = {}): Promise<{ users: number; items: number; orders: number }> {
    // What was sold of the old goods cannot be told from the new ones by their sums.
    if (this.paid > this.paidBeforeFill) {
      await this.mustBalance();
    }
    this.paidBeforeFill = this.paid;
    this.goods = { credit: PLENTY, stock: PLENTY, ...goods };
    const { credit, stock } = this.goods;
    const users = await this.batchInit('payment', `/payment/batch_init/${this.size}/${credit}`);
    const items = await this.batchInit('stock', `/stock/batch_init/${this.size}/${stock}/${PRICE}`);
    return { users, items, orders: await this.fillOrders() };
  }

  /** Fills the orders anew, of any items or all of the same; answers how many seconds batch_init took. */
  async fillOrders(items: 'any' | 'hot' = 'any'): Promise<number> {
    const choice = items === 'hot' && !this.shop.heat ? 2 : this.size;
    const path = `/orders/batch_init/${this.orders}/${choice}/${this.size}/${PRICE}`;
    const seconds = await this.batchInit('order', path);
    if (items === 'hot') {
      await this.shop.heat?.();
    }
    await this.shop.prepare();
    this.next = 0;
    return seconds;
  }

  private async batchInit(service: ServiceName, path: string): Promise<number> {
    const began = performance.now();
    const answer = await fetch(new URL(path, this.shop.urls[service][0]), { method: 'POST' });
    const text = await answer.text();
    if (answer.status !== 200) {
      throw new Error(`POST ${path} was answered ${answer.status}: ${text}`);
    }
    return (performance.now() - began) / 1_000;
  }

  /** Orders that are left for another rush. */
  private get left(): number {
    return this.orders - this.next;
  }

  /** Checks out one order after the other. @throws Error when anything but the expected answer comes */
  async rush({ answer = '200', ...options }: LoadRunOptions): Promise<LoadRun> {
    const { name, connections, seconds, warmUpSeconds, perSecond } = options;
    const wanted =
      perSecond === undefined ? this.orders / 2 : perSecond * (seconds + warmUpSeconds) * 1.1 + connections;
    if (this.left < Math.min(wanted, this.orders)) {
      await this.fillOrders();
    }
    const groups = { ...this.shop.groups(), load: [this.load.pid] };
    const look = () => ({ ...readCpu(groups), machine: readMachineCpu() });
    let [before, after] = [look(), look()];
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
      },
      {
        begin: () => {
          before = look();
        },
        end: () => {
          after = look();
        },
      },
    );
    this.next += result.used;
    this.used += result.used;
    this.paid += result.allAnswers['200'] ?? 0;
    const others = Object.keys(result.allAnswers).filter((other) => other !== answer);
    if (others.length > 0) {
      const counts = JSON.stringify(result.allAnswers);
      throw new Error(
        `Every checkout of "${name}" should have been answered ${answer}, but there were ${counts}.`,
      );
    }
    const checkouts = Object.values(result.answers).reduce((sum, count) => sum + count, 0);
    if (checkouts === 0) {
      throw new Error(
        `No checkout of "${name}" was answered while it was measured: its orders ran out before.`,
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
   * Checkouts that nobody looks at, for as long as there are more of them from one stretch to the next: a shop of new
   * processes was seen to go from 1,400 a second to 2,600 within 22 s, while what runs often was compiled. Who is in a
   * hurry takes one stretch.
   */
  async warmUp({ warmUpSeconds, quick }: { warmUpSeconds: number; quick: boolean }): Promise<void> {
    const seconds = Math.max(warmUpSeconds, 0.2);
    const most = quick || warmUpSeconds === 0 ? 1 : STRETCHES;
    let [best, sinceBest] = [0, 0];
    for (let stretch = 1; stretch <= most && sinceBest < 2; stretch++) {
      const { perSecond } = await this.rush({ name: 'warm-up', connections: 256, seconds, warmUpSeconds: 0 });
      const rises = perSecond > best * RISING;
      sinceBest = rises ? 0 : sinceBest + 1;
      if (rises) {
        best = perSecond;
      }
    }
  }

  /** @throws Error when the books disagree with each other, or with what buyers were told */
  mustBalance(): Promise<void> {
    const { credit, stock } = this.goods;
    // batch_init gives each order one unit of each of two items.
    const units = (this.paid - this.paidBeforeFill) * 2;
    return this.shop.mustBalance({ paid: this.paid, filled: { credit, stock, units, spent: units * PRICE } });
  }
}
