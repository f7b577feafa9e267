import { queues } from '../../shared/contract/events';
import { Random } from '../../tools/chaos/random';
import { checkBooks, checkEnded, checkSaga, Violation } from './invariants';
import { People } from './people';
import { Replica } from './replica';
import { Surroundings } from './surroundings';
import { consumerOf, protocol, type Rules, type Service, services } from './world';

/**
 * The life of a shop, lived from its seed: several replicas of each service, a broker that delivers in any order and
 * more than once, buyers who do not wait, processes that die between any two effects. Once there were enough sagas the
 * faults stop, and everything has to come to an end. The same seed lives the same life.
 */
export interface Figures {
  sagas: number;
  /** How they ended: `paid`, or the reason. */
  outcomes: Record<string, number>;
  /** What happened, by kind, and how often. */
  happened: Record<string, number>;
}

/** A life in which something was not as it must be: `cause` says what, and the same seed shows it again. */
export class FailedLife extends Error {
  override readonly name = 'FailedLife';

  constructor(
    readonly seed: number,
    /** How many had been opened by then. */
    readonly sagas: number,
    cause: unknown,
  ) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(`With seed ${seed}, after ${sagas} sagas: ${what}`, { cause });
  }
}

/** Sagas of one life. Short lives are audited often and, when one fails, soon lived again. */
export const SAGAS_OF_A_LIFE = 1_000;
/** Turns given to a healed shop to come to rest: many times what any takes. */
const TURNS_TO_END = 500_000;

/** @throws FailedLife */
export async function simulate(
  seed: number,
  options: { sagas?: number; rules?: Rules; onEffect?: (effect: string) => void } = {},
): Promise<Figures> {
  const life = new Life(seed, options.rules ?? protocol, options.onEffect);
  try {
    return await life.live(options.sagas ?? SAGAS_OF_A_LIFE);
  } catch (error) {
    throw new FailedLife(seed, life.sagas, error);
  }
}

class Life {
  private readonly random: Random;
  private readonly around: Surroundings;
  private readonly replicas: Replica[];
  private readonly people: People;
  private readonly happened: Record<string, number> = {};
  /** How this life differs from others: batches, haste, faults, deadlines, how much there is to buy. */
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
      danger: random.pick([0, 1, 1, 5]),
      deadlines: random.pick([1, 10, 100]),
      stock: random.pick([10, 1_000, 5_000]),
      changes: random.pick([10, 400]),
      credit: random.pick([100, 2_000, 10_000]),
    };
    const risks = { unconfirmed: 0.02 * this.traits.danger, commitUnknown: 0.01 * this.traits.danger };
    const named = <T>(prefix: string, most: number, make: () => T) =>
      Object.fromEntries(
        Array.from({ length: random.between(1, most) }, (_, i) => [`${prefix}${i}`, make()]),
      );
    const shop = {
      users: named('user', 12, () => random.between(0, this.traits.credit)),
      items: named('item', 6, () => ({
        stock: random.between(0, this.traits.stock),
        price: random.between(0, 3),
      })),
      orders: {},
    };
    this.around = new Surroundings(shop, rules, random, risks);
    this.people = new People(this.around, shop);
    this.replicas = services.flatMap((service) =>
      Array.from({ length: random.between(1, 3) }, () => new Replica(service, this.around)),
    );
  }

  get sagas(): number {
    return this.around.world.order.sagas.size;
  }

  async live(sagas: number): Promise<Figures> {
    while (this.sagas < sagas) {
      await this.turn(true);
    }
    this.around.risks.commitUnknown = 0;
    this.around.risks.unconfirmed = 0;
    for (let turns = 0; this.whatIsLeft() !== ''; turns++) {
      if (turns > TURNS_TO_END) {
        throw new Violation(`I6: does not come to rest: ${this.whatIsLeft()}`);
      }
      await this.turn(false);
    }
    const { world } = this.around;
    checkBooks(world);
    for (const { saga_id } of world.order.sagas.all()) {
      checkSaga(world, saga_id);
    }
    checkEnded(world);
    const outcomes: Record<string, number> = {};
    for (const { reason } of world.order.sagas.all()) {
      count(outcomes, reason ?? 'paid');
    }
    return { sagas: this.sagas, outcomes, happened: { ...this.happened, ...this.around.counts } };
  }

  /** Something happens. Most of the time it is work that goes on. */
  private async turn(busy: boolean): Promise<void> {
    const { random, around, traits } = this;
    const roll = random.between(0, 9_999);
    if (roll < 6_000) {
      return this.proceed();
    }
    if (roll < 8_500) {
      return this.consume();
    }
    if (roll < 8_800) {
      return this.publishLeftovers();
    }
    if (roll < 9_000) {
      return random.pick(this.replicasOf('stock')).serveNews();
    }
    if (roll < 9_010) {
      return random.pick(this.replicasOf('stock')).sweepWaiting();
    }
    if (roll < 9_010 + traits.deadlines) {
      return this.passDeadlines();
    }
    // Only work is left now, and people and faults have stopped.
    if (!busy) {
      return;
    }
    if (roll < 9_120 + traits.changes) {
      return this.changeSomething();
    }
    if (roll < 9_920) {
      return this.checkOut();
    }
    if (random.between(1, 10) > traits.danger) {
      return;
    }
    const replica = random.pick(this.replicas);
    const fault = random.pick(['crash', 'cut', 'repeat', 'repeat'] as const);
    count(this.happened, fault);
    if (fault === 'crash') {
      replica.crash();
    } else if (fault === 'cut') {
      replica.cut();
    } else {
      around.bus.repeatSomething();
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
    const queue = this.random.pick(queues);
    const replica = this.random.pick(this.replicasOf(consumerOf(queue)));
    replica.consume(queue, this.random.between(1, this.traits.batch));
  }

  private publishLeftovers(): void {
    const service = this.random.pick(services);
    this.random.pick(this.replicasOf(service)).publishLeftovers(this.around.leftovers(service));
  }

  private passDeadlines(): void {
    const pending = [...this.around.world.order.sagas.open.keys()];
    if (pending.length === 0) {
      return;
    }
    const sagaIds = Array.from({ length: this.random.between(1, 3) }, () => this.random.pick(pending));
    this.random.pick(this.replicasOf('order')).passDeadlines(sagaIds);
  }

  /** Some buyers at one replica. */
  private checkOut(): void {
    if (this.around.world.order.sagas.open.size > this.traits.inFlight) {
      return;
    }
    const requests = Array.from({ length: this.random.between(1, this.traits.batch) }, () =>
      this.people.request(),
    );
    this.random.pick(this.replicasOf('order')).checkOut(requests);
  }

  private async changeSomething(): Promise<void> {
    this.random.pick(this.replicasOf('stock')).hear(await this.people.changeSomething());
  }

  private whatIsLeft(): string {
    const busy = this.replicas.filter((replica) => !replica.isIdle).length;
    return [...this.around.whatIsLeft(), ...(busy > 0 ? [`${busy} busy replicas`] : [])].join(', ');
  }

  private replicasOf(service: Service): Replica[] {
    return this.replicas.filter((replica) => replica.service === service);
  }
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
