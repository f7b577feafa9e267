import type { CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import { itemsWaitedForLong, serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import { readItemsWaitedForTogether } from '../../stock/src/saga/2-reserve-stock/statements';
import type { Parcel } from './bus';
import type { Transaction } from './memory';
import type { Surroundings } from './surroundings';
import { type Effects, runCheckouts, runDeadlines, runStep, type Service } from './world';

/** What a replica is in the middle of; it may stop for ever after any part of it. */
type Work = AsyncGenerator<string, void>;

/**
 * One process of a service. It does several things at a time, each an effect after the other; between any two effects
 * anything else may happen in the world, and the process may die.
 */
export class Replica {
  private work: Work[] = [];
  private isPolling = false;
  private unacknowledged = new Set<Parcel>();
  /** Items of which those who wait must still be told. It is kept nowhere else. */
  private news = new Set<string>();

  constructor(
    readonly service: Service,
    private readonly around: Surroundings,
  ) {}

  get isIdle(): boolean {
    return this.work.length === 0 && this.news.size === 0;
  }

  /** One effect of something under way. */
  async proceed(): Promise<string | undefined> {
    if (this.work.length === 0) {
      return undefined;
    }
    const at = this.around.random.between(0, this.work.length - 1);
    const { done, value } = await (this.work[at] as Work).next();
    if (done) {
      this.work.splice(at, 1);
    }
    return value ?? undefined;
  }

  /** kill -9: what was under way is gone, and the broker delivers again what was not acknowledged. */
  crash(): void {
    this.work = [];
    this.news.clear();
    this.isPolling = false;
    this.cut();
  }

  /** The broker takes the connection for lost, and the replica goes on with what it has. */
  cut(): void {
    for (const parcel of this.unacknowledged) {
      this.around.bus.put(parcel);
    }
    this.unacknowledged.clear();
  }

  consume(queue: string, most: number): void {
    const parcels = this.around.bus.take(queue, most);
    for (const parcel of parcels) {
      this.unacknowledged.add(parcel);
    }
    if (parcels.length > 0) {
      this.work.push(this.handle(queue, parcels));
    }
  }
  /** The first attempt may have been opened in a COMMIT that got lost, and have ended: its name is taken for ever. */
  checkOut(requests: readonly CheckoutRequest[]): void {
    const { rules } = this.around;
    const open = async (tx: Transaction, lost: number) => {
      const again = lost > 0 && rules.afterLostCommit === 'a new saga';
      const named = again ? requests.map((one) => ({ ...one, saga_id: `${one.saga_id}-${lost}` })) : requests;
      return { emit: (await runCheckouts(tx, named)).emit, news: [] };
    };
    this.work.push(this.transact(open, rules.checkout === 'reads it unlocked'));
  }
  passDeadlines(sagaIds: readonly string[]): void {
    const { world, rules } = this.around;
    this.work.push(
      this.transact(async (tx) => ({ emit: await runDeadlines(tx, world, sagaIds, rules), news: [] })),
    );
  }
  publishLeftovers(ids: readonly string[]): void {
    if (this.isPolling) {
      return;
    }
    this.isPolling = true;
    this.work.push(this.poll(ids));
  }
  serveNews(): void {
    if (this.news.size > 0) {
      this.work.push(this.serve());
    }
  }
  async sweepWaiting(): Promise<void> {
    this.hear(await itemsWaitedForLong(this.around.begin('stock')));
  }
  hear(news: readonly string[]): void {
    for (const itemId of news) {
      this.news.add(itemId);
    }
  }

  private async *handle(queue: string, parcels: readonly Parcel[]): Work {
    const acknowledge = () => {
      for (const parcel of parcels) {
        this.unacknowledged.delete(parcel);
      }
    };
    const early = this.around.rules.acknowledging === 'before the commit';
    if (early) {
      acknowledge();
    }
    const events = parcels.flatMap((parcel) => parcel.events);
    yield* this.transact((tx) => runStep(tx, queue, events));
    yield `${queue} is committed, not yet acknowledged`;
    acknowledge();
  }

  /**
   * A transaction with its outbox rows, again when it lost a race or when nobody knows whether it was committed; then
   * what follows from it.
   * @param run is told how many COMMITs got lost so far
   */
  private async *transact(run: (tx: Transaction, lost: number) => Promise<Effects>, unlocked = false): Work {
    const { world, bus, random, rules, risks } = this.around;
    for (let lost = 0; ; ) {
      const tx = this.around.begin(this.service);
      const { emit, news } = await run(tx, lost);
      const messages = [...new Set(emit.map((event) => event.type))].map((type) => ({
        id: this.around.nextOutboxId(),
        events: emit.filter((event) => event.type === type),
      }));
      for (const { id, events } of messages) {
        tx.put(world[this.service].outbox, id, events);
      }
      if (rules.publishing === 'before the commit') {
        for (const { events } of messages) {
          bus.publish(events);
        }
      }
      yield `${this.service} has decided and not committed`;
      if (!this.around.commit(tx, unlocked)) {
        continue;
      }
      if (random.chance(risks.commitUnknown)) {
        lost++;
        this.around.counts.lost_commits++;
        do {
          yield `${this.service} has committed, does not know it, and connects to the database again`;
        } while (random.chance(0.95));
        continue;
      }
      this.hear(news);
      if (messages.length > 0) {
        this.work.push(this.publish(messages.map((message) => message.id)));
      }
      return;
    }
  }

  private async *poll(ids: readonly string[]): Work {
    yield* this.publish(ids);
    this.isPolling = false;
  }

  private async *publish(ids: readonly string[]): Work {
    const { bus, random, risks, world } = this.around;
    const { outbox } = world[this.service];
    for (const id of ids) {
      const events = outbox.get(id);
      if (!events) {
        continue;
      }
      yield `${this.service} is about to publish`;
      if (random.chance(risks.unconfirmed)) {
        if (random.chance(0.5)) {
          bus.publish(events);
        }
        continue;
      }
      bus.publish(events);
      yield `${this.service} has published, and not deleted the row`;
      outbox.delete(id);
    }
  }

  /** The first read is of a moment before the items are locked, as it is in PostgreSQL. */
  private async *serve(): Work {
    const itemIds = [...this.news];
    this.news.clear();
    const together = await this.around.begin('stock').run(readItemsWaitedForTogether, [itemIds]);
    yield 'stock has seen who waits, and locked nothing';
    yield* this.transact(async (tx) => {
      tx.foresee(readItemsWaitedForTogether, together);
      const { emit, unsettled } = await serveWaiting(tx, itemIds);
      return { emit, news: unsettled };
    });
  }
}
