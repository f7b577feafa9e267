import { Random } from '../../tools/chaos/random';
import { Infrastructure } from './infrastructure';
import { checkBooks, checkEnded, checkSaga, Violation } from './invariants';
import type { Table } from './memory';
import { withShortIds } from './order-tables';
import { Replica } from './replica';
import { Workload } from './workload';
import { checkoutQueues, consumerOf, protocol, type Rules, type Service, services } from './world';

/**
 * Simulates a shop from a seed: several replicas of each service, a broker that delivers in any order and more than once,
 * buyers who do not wait, processes that crash between any two effects. After enough sagas the faults stop, and everything
 * must come to an end. The same seed gives the same run.
 */
export interface Figures {
  sagas: number;
  /** How many sagas ended as `paid`, or failed for each reason. */
  outcomes: Record<string, number>;
  /** How often faults, races and waits occurred, by kind. */
  occurrences: Record<string, number>;
}

/** A run in which a check failed. `cause` says which, and the same seed reproduces it. */
export class FailedRun extends Error {
  override readonly name = 'FailedRun';

  constructor(
    readonly seed: number,
    /** How many sagas had been opened by then. */
    readonly sagas: number,
    cause: unknown,
  ) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(withShortIds(`With seed ${seed}, after ${sagas} sagas: ${what}`), { cause });
  }
}

/** Sagas of one run. Runs are short, so that they are audited often and a failed one is quickly reproduced. */
export const SAGAS_PER_RUN = 1_000;
/** The most turns until another saga begins: only so many may be in flight, so they have to end. */
const MAX_TURNS_TO_OPEN = 100_000;
/** Of 10,000 turns, those in which a deadline passes or stock asks, once faults have ended. */
const DEADLINES_IN_THE_END = 100;
/** The most turns until a shop without faults must be at rest: many times what any shop needs. */
const MAX_TURNS_TO_END = 200_000;
/** Whether the shop is at rest is looked at every so many turns. */
const TURNS_BETWEEN_LOOKS = 100;

/** @throws FailedRun when a check fails */
export async function simulate(
  seed: number,
  options: { sagas?: number; rules?: Rules; onEffect?: (effect: string) => void } = {},
): Promise<Figures> {
  const run = new SimulatedRun(seed, options.rules ?? protocol, options.onEffect);
  try {
    return await run.complete(options.sagas ?? SAGAS_PER_RUN);
  } catch (error) {
    throw new FailedRun(seed, run.sagas, error);
  }
}

class SimulatedRun {
  private readonly random: Random;
  private readonly infra: Infrastructure;
  private readonly replicas: Replica[];
  private readonly workload: Workload;
  private readonly occurrences: Record<string, number> = {};
  /** How this run differs from others: batch sizes, sagas in flight, faults, deadlines, credit and stock. */
  private readonly traits;

  constructor(
    seed: number,
    rules: Rules,
    private readonly onEffect: (effect: string) => void = () => {},
  ) {
    const random = new Random(seed);
    this.random = random;
    this.traits = {
      batch: random.pick([1, 2, 8, 32]),
      inFlight: random.pick([3, 30, 300]),
      faultRate: random.pick([0, 1, 1, 5]),
      deadlines: random.pick([1, 10, 100]),
      /** Whether messages may be lost for good. Where they are not, redelivery must do without stock's questions. */
      isLossy: random.chance(0.5),
      restored: random.pick([undefined, ...services]),
      stock: random.pick([10, 1_000, 5_000]),
      changes: random.pick([10, 400]),
      credit: random.pick([100, 2_000, 10_000]),
    };
    const risks = { unconfirmed: 0.02 * this.traits.faultRate, commitUnknown: 0.01 * this.traits.faultRate };
    const createNamed = <T>(prefix: string, most: number, create: () => T) =>
      Object.fromEntries(
        Array.from({ length: random.between(1, most) }, (_, i) => [`${prefix}${i}`, create()]),
      );
    const shop = {
      users: createNamed('user', 12, () => random.between(0, this.traits.credit)),
      items: createNamed('item', 6, () => ({
        stock: random.between(0, this.traits.stock),
        price: random.between(0, 3),
      })),
      orders: {},
    };
    this.infra = new Infrastructure(shop, rules, random, risks);
    this.workload = new Workload(this.infra, shop);
    this.replicas = services.flatMap((service) =>
      Array.from({ length: random.between(1, 3) }, () => new Replica(service, this.infra)),
    );
  }

  get sagas(): number {
    return this.infra.world.order.sagas.size;
  }

  async complete(sagas: number): Promise<Figures> {
    for (let [known, turns] = [0, 0]; this.sagas < sagas; turns++) {
      if (this.sagas !== known) {
        [known, turns] = [this.sagas, 0];
      } else if (turns > MAX_TURNS_TO_OPEN) {
        throw new Violation(`I6: no saga begins, because others do not end: ${this.describeUnfinished()}`);
      }
      await this.turn(true);
    }
    this.infra.risks.commitUnknown = 0;
    this.infra.risks.unconfirmed = 0;
    this.infra.releaseLock();
    for (let turns = 0; this.describeUnfinished() !== ''; turns += TURNS_BETWEEN_LOOKS) {
      if (turns > MAX_TURNS_TO_END) {
        throw new Violation(`I6: the shop does not come to rest: ${this.describeUnfinished()}`);
      }
      for (let turn = 0; turn < TURNS_BETWEEN_LOOKS; turn++) {
        await this.turn(false);
      }
    }
    const { world } = this.infra;
    checkBooks(world);
    const { order, payment, stock } = world;
    const tables = [order.sagas, payment.charges, stock.reservations] as unknown as Table<{
      saga_id: string;
    }>[];
    for (const { saga_id } of tables.flatMap((table) => table.all())) {
      checkSaga(world, saga_id);
    }
    checkEnded(world, false);
    const outcomes: Record<string, number> = {};
    for (const { reason } of world.order.sagas.all()) {
      count(outcomes, reason ?? 'paid');
    }
    return { sagas: this.sagas, outcomes, occurrences: { ...this.occurrences, ...this.infra.counts } };
  }

  /**
   * Does one random thing. Most of the time it continues some work.
   * @param isOpen whether clients still send requests and faults still happen
   */
  private async turn(isOpen: boolean): Promise<void> {
    const { random, traits } = this;
    const roll = random.between(0, 9_999);
    if (roll < 6_000) {
      return this.proceed();
    }
    if (roll < 8_500) {
      return this.consume();
    }
    if (roll < 8_800) {
      return this.publishUnsent();
    }
    if (roll < 9_000) {
      return random.pick(this.replicasOf('stock')).serveItems();
    }
    if (roll < 9_010) {
      return random.pick(this.replicasOf('stock')).sweepWaiting();
    }
    const deadlines = isOpen ? traits.deadlines : DEADLINES_IN_THE_END;
    if (roll < 9_010 + deadlines) {
      return random.chance(0.5) ? this.passDeadlines() : this.askForDecisions();
    }
    // After the end of requests and faults, only work in progress continues.
    if (!isOpen) {
      return;
    }
    if (roll < 9_120 + traits.changes) {
      return this.changeSomething();
    }
    if (roll < 9_920) {
      return this.checkOut();
    }
    if (random.between(1, 10) > traits.faultRate) {
      return;
    }
    const replica = random.pick(this.replicas);
    const lossy = traits.isLossy ? ['loss', 'purge', 'restore'] : [];
    const fault = random.pick(['crash', 'cut', 'repeat', 'repeat', 'lock', ...lossy]);
    if (fault !== 'restore') {
      count(this.occurrences, fault);
    }
    this.faults[fault]?.(replica, random.pick(checkoutQueues));
  }

  private readonly faults: Record<string, (replica: Replica, queue: string) => void> = {
    crash: (replica) => replica.crash(),
    cut: (replica) => replica.disconnect(),
    repeat: () => this.infra.broker.redeliverPast(),
    loss: (_, queue) => this.infra.broker.lose(queue),
    purge: (_, queue) => this.infra.broker.purge(queue),
    lock: () => this.infra.lockOrRelease(),
    restore: () => this.backUpOrRestore(),
  };

  /** Once in a run, and only in some runs. The service is not running meanwhile, and what it had in memory is gone. */
  private backUpOrRestore(): void {
    const { restored } = this.traits;
    if (restored === undefined || this.infra.isRestored) {
      return;
    }
    this.infra.backUpOrRestore(restored);
    if (this.infra.isRestored) {
      count(this.occurrences, `restore of ${restored}`);
      for (const replica of this.replicasOf(restored)) {
        replica.crash();
      }
    }
  }

  private async proceed(): Promise<void> {
    const busy = this.replicas.filter((replica) => !replica.isIdle);
    const effect = busy.length > 0 && (await this.random.pick(busy).proceed());
    if (effect) {
      this.onEffect(effect);
    }
  }

  private consume(): void {
    const queue = this.random.pick(checkoutQueues);
    const replica = this.random.pick(this.replicasOf(consumerOf(queue)));
    replica.consume(queue, this.random.between(1, this.traits.batch));
  }

  private publishUnsent(): void {
    const service = this.random.pick(services);
    this.random.pick(this.replicasOf(service)).publishUnsent(this.infra.pollOutbox(service));
  }

  private passDeadlines(): void {
    const pending = [...this.infra.world.order.sagas.open.keys()];
    if (pending.length === 0 || this.infra.rules.sweeps === 'only of stock') {
      return;
    }
    this.random.pick(this.replicasOf('order')).passDeadlines(this.someOf(pending));
  }

  private askForDecisions(): void {
    const undecided = this.infra.undecidedReservations();
    const asks = this.traits.isLossy && this.infra.rules.sweeps !== 'only of order';
    if (undecided.length === 0 || !asks) {
      return;
    }
    this.random.pick(this.replicasOf('stock')).askAbout(this.someOf(undecided));
  }
  private someOf(sagaIds: readonly string[]): string[] {
    return Array.from({ length: this.random.between(1, 3) }, () => this.random.pick(sagaIds));
  }

  /** Sends the checkouts of some buyers to one replica. */
  private checkOut(): void {
    if (this.infra.world.order.sagas.open.size > this.traits.inFlight) {
      return;
    }
    const requests = Array.from({ length: this.random.between(1, this.traits.batch) }, () =>
      this.workload.nextCheckout(),
    );
    this.random.pick(this.replicasOf('order')).checkOut(requests);
  }

  private async changeSomething(): Promise<void> {
    this.random.pick(this.replicasOf('stock')).addItemsToServe(await this.workload.changeSomething());
  }

  private describeUnfinished(): string {
    const busy = this.replicas.filter((replica) => !replica.isIdle).length;
    return [...this.infra.describeUnfinished(), ...(busy > 0 ? [`${busy} busy replicas`] : [])].join(', ');
  }

  private replicasOf(service: Service): Replica[] {
    return this.replicas.filter((replica) => replica.service === service);
  }
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
