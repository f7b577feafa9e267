import type { CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import type { SagaEvent } from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import { itemsWaitedForLong, serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import { readItemsWaitedForTogether } from '../../stock/src/saga/2-reserve-stock/statements';
import type { QueuedMessage } from './broker';
import type { Infrastructure } from './infrastructure';
import type { Transaction } from './memory';
import { type Effects, runAsks, runCheckouts, runDeadlines, runStep, type Service } from './world';

/** A batch needs a row that somebody else has locked. */
class Locked extends Error {}

/** Work in progress. It yields after every effect, and may never be continued. */
type Work = AsyncGenerator<string, void>;

/**
 * One process of a service. It has several pieces of work in progress, each a sequence of effects. Between any two effects
 * anything else may happen in the world, and the process may crash.
 */
export class Replica {
  private work: Work[] = [];
  private isPolling = false;
  private unacked = new Set<QueuedMessage>();
  /** Items still to be served to waiting sagas. They exist only in memory. */
  private itemsToServe = new Set<string>();

  constructor(
    readonly service: Service,
    private readonly infra: Infrastructure,
  ) {}

  get isIdle(): boolean {
    return this.work.length === 0 && this.itemsToServe.size === 0;
  }

  /** Runs a random piece of work up to its next effect, and returns what the effect was. */
  async proceed(): Promise<string | undefined> {
    if (this.work.length === 0) {
      return undefined;
    }
    const index = this.infra.random.between(0, this.work.length - 1);
    const { done, value } = await (this.work[index] as Work).next();
    if (done) {
      this.work.splice(index, 1);
    }
    return value ?? undefined;
  }

  /** kill -9: all work in progress is lost, and the broker delivers unacked messages again. */
  crash(): void {
    this.work = [];
    this.itemsToServe.clear();
    this.isPolling = false;
    this.disconnect();
  }

  /** The broker considers the connection lost and delivers again, while the replica continues its work. */
  disconnect(): void {
    for (const message of this.unacked) {
      this.infra.broker.put(message);
    }
    this.unacked.clear();
  }

  consume(queue: string, most: number): void {
    const messages = this.infra.broker.take(queue, most);
    for (const message of messages) {
      this.unacked.add(message);
    }
    if (messages.length > 0) {
      this.work.push(this.handle(queue, messages));
    }
  }

  checkOut(requests: readonly CheckoutRequest[]): void {
    const open = async (tx: Transaction) => ({
      emit: (await runCheckouts(tx, requests)).emit,
      itemsToServe: [],
    });
    this.work.push(this.transact(open, this.infra.rules.checkout === 'reads it unlocked'));
  }
  askAbout(sagaIds: readonly string[]): void {
    const { world } = this.infra;
    this.work.push(
      this.transact(async (tx) => ({ emit: await runAsks(tx, world, sagaIds), itemsToServe: [] })),
    );
  }
  passDeadlines(sagaIds: readonly string[]): void {
    const { world, rules } = this.infra;
    this.work.push(
      this.transact(async (tx) => ({
        emit: await runDeadlines(tx, world, sagaIds, rules),
        itemsToServe: [],
      })),
    );
  }
  publishUnsent(ids: readonly string[]): void {
    if (this.isPolling) {
      return;
    }
    this.isPolling = true;
    this.work.push(this.poll(ids));
  }
  serveItems(): void {
    if (this.itemsToServe.size > 0) {
      this.work.push(this.serve());
    }
  }
  async sweepWaiting(): Promise<void> {
    this.addItemsToServe(await itemsWaitedForLong(this.infra.begin('stock')));
  }
  addItemsToServe(itemIds: readonly string[]): void {
    for (const itemId of itemIds) {
      this.itemsToServe.add(itemId);
    }
  }

  private async *handle(queue: string, messages: readonly QueuedMessage[]): Work {
    const acknowledge = () => {
      for (const message of messages) {
        this.unacked.delete(message);
      }
    };
    if (this.infra.rules.acknowledging === 'before the commit') {
      acknowledge();
    }
    const events = messages.flatMap((message) => message.events);
    yield* this.runStep(queue, events);
    yield `${queue} has committed and not acknowledged yet`;
    acknowledge();
  }

  /**
   * Commits what can be committed, as the inbox does: an event that cannot be handled is parked alone, and events that
   * wait for somebody's lock are set aside and come again.
   */
  private async *runStep(queue: string, events: readonly SagaEvent[]): Work {
    const [only, another] = events;
    try {
      yield* this.transact(async (tx) => {
        const effects = await runStep(tx, queue, events);
        if (this.infra.waitsForLock(tx)) {
          throw new Locked();
        }
        return effects;
      });
    } catch (error) {
      if (only === undefined || !(error instanceof InvariantViolation || error instanceof Locked)) {
        throw error;
      }
      if (another) {
        for (const event of events) {
          yield* this.runStep(queue, [event]);
        }
      } else if (error instanceof Locked) {
        this.infra.broker.put({ queue, events });
      } else {
        this.infra.park(queue, only, error);
      }
    }
  }

  /**
   * Runs a transaction that also writes its outbox rows. Repeats it when it lost a race, or when the answer to its COMMIT
   * was lost. Then starts the work that follows from it.
   */
  private async *transact(run: (tx: Transaction) => Promise<Effects>, unlocked = false): Work {
    const { world, broker, random, rules, risks } = this.infra;
    for (;;) {
      const tx = this.infra.begin(this.service);
      const { emit, itemsToServe } = await run(tx);
      if (this.infra.waitsForLock(tx)) {
        yield `${this.service} waits for a lock`;
        continue;
      }
      const messages = [...new Set(emit.map((event) => event.type))].map((type) => ({
        id: this.infra.nextOutboxId(),
        events: emit.filter((event) => event.type === type),
      }));
      for (const { id, events } of messages) {
        tx.put(world[this.service].outbox, id, events);
      }
      if (rules.publishing === 'before the commit') {
        for (const { events } of messages) {
          broker.publish(events);
        }
      }
      yield `${this.service} has decided and not committed yet`;
      if (!this.infra.commit(tx, unlocked)) {
        continue;
      }
      if (random.chance(risks.commitUnknown)) {
        this.infra.counts.lost_commits++;
        do {
          yield `${this.service} has committed, lost the answer, and is reconnecting to the database`;
        } while (random.chance(0.95));
        continue;
      }
      this.addItemsToServe(itemsToServe);
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
    const { broker, random, risks, world } = this.infra;
    const { outbox } = world[this.service];
    for (const id of ids) {
      const events = outbox.get(id);
      if (!events) {
        continue;
      }
      yield `${this.service} is about to publish`;
      if (random.chance(risks.unconfirmed)) {
        if (random.chance(0.5)) {
          broker.publish(events);
        }
        continue;
      }
      broker.publish(events);
      yield `${this.service} has published and not deleted the row yet`;
      outbox.delete(id);
    }
  }

  /** As in PostgreSQL, the first read sees a moment before the items are locked. */
  private async *serve(): Work {
    const itemIds = [...this.itemsToServe];
    this.itemsToServe.clear();
    const together = await this.infra.begin('stock').run(readItemsWaitedForTogether, [itemIds]);
    yield 'stock has read the waiting sagas and locked nothing yet';
    yield* this.transact(async (tx) => {
      tx.presetResult(readItemsWaitedForTogether, together);
      const { emit, unsettled } = await serveWaiting(tx, itemIds);
      return { emit, itemsToServe: unsettled };
    });
  }
}
