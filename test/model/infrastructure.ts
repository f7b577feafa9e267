import type { SagaEvent } from '../../shared/contract/events';
import type { InvariantViolation } from '../../shared/errors';
import type { Random } from '../../tools/chaos/random';
import { Broker } from './broker';
import { checkBooks, checkChanges, checkSaga } from './invariants';
import { type Sql, type Table, Transaction } from './memory';
import { backUp, restore } from './restore';
import {
  consumerOf,
  type InitialShop,
  openShop,
  type Rules,
  type Service,
  statementsOf,
  type World,
} from './world';

/** Probabilities, each for one message or one transaction. */
export interface Risks {
  /** A message is not confirmed, although the broker may have it. */
  unconfirmed: number;
  /** A transaction is committed, but the answer to COMMIT is lost. */
  commitUnknown: number;
}

/** The most messages that one poll of the outbox takes. */
const POLL_LIMIT = 20;
/** Rows that somebody locks are among the latest ones, because sagas in flight need those. */
const RECENT_ROWS = 30;
/** The books are checked after this many commits, and at the end. */
const COMMITS_BETWEEN_AUDITS = 500;

/** What the replicas share: databases and broker. Every commit is checked at once. */
export class Infrastructure {
  readonly world: World;
  readonly broker: Broker;
  /** Transactions that lost a race and were run again, COMMITs whose answer was lost, and sagas that had to wait. */
  readonly counts = { races: 0, lost_commits: 0, waits: 0 };
  private readonly sql: Record<Service, Sql>;
  private readonly lastPolled = new Map<Service, number>();
  private commits = 0;
  private backup: { service: Service; rows: string } | undefined;
  isRestored = false;
  /** A row that somebody outside of the services has locked. */
  private locked: { table: Table<unknown>; key: string } | undefined;
  private outboxIds = 0;

  constructor(
    shop: InitialShop,
    readonly rules: Rules,
    readonly random: Random,
    readonly risks: Risks,
  ) {
    this.world = openShop(shop);
    this.broker = new Broker(rules, random);
    this.sql = statementsOf(this.world, rules);
  }

  /** Takes a backup of a service's database the first time, and returns it to that backup the second time. */
  backUpOrRestore(service: Service): void {
    if (this.backup === undefined) {
      this.backup = { service, rows: backUp(this.world[service], true) };
      return;
    }
    restore(this.world, service, this.backup.rows, true);
    this.isRestored = true;
  }

  /** Parks an event, which only a restore can make necessary. */
  park(queue: string, event: SagaEvent, error: InvariantViolation): void {
    if (!this.isRestored) {
      throw error;
    }
    this.world[consumerOf(queue)].parked.set(JSON.stringify(event), event);
    checkSaga(this.world, event.data.saga_id);
  }

  /** Locks a random row, or releases the one that is locked. */
  lockOrRelease(): void {
    const { order, payment, stock } = this.world;
    const tables = [order.orders, order.sagas, payment.users, stock.items, stock.reservations];
    const table = this.random.pick(tables) as Table<unknown>;
    const keys = table
      .entries()
      .slice(-RECENT_ROWS)
      .map(([key]) => key);
    this.locked =
      this.locked !== undefined || keys.length === 0 ? undefined : { table, key: this.random.pick(keys) };
  }
  releaseLock(): void {
    this.locked = undefined;
  }
  waitsForLock(tx: Transaction): boolean {
    return this.locked !== undefined && tx.touches(this.locked.table, this.locked.key);
  }

  begin(service: Service): Transaction {
    return new Transaction(this.sql[service]);
  }

  /**
   * @param unlocked commits even if something that was read has changed
   * @returns false when the transaction lost a race and changed nothing
   */
  commit(tx: Transaction, unlocked = false): boolean {
    if (!unlocked && !tx.isCurrent()) {
      this.counts.races++;
      return false;
    }
    tx.commit();
    checkChanges(this.world, tx);
    const { order, payment, stock } = this.world;
    this.counts.waits += tx
      .changes(stock.reservations)
      .filter(({ after }) => after.state === 'WAITING').length;
    for (const table of [order.sagas, payment.charges, stock.reservations]) {
      for (const { key } of tx.changes<unknown>(table as never)) {
        checkSaga(this.world, key);
      }
    }
    this.commits++;
    if (this.commits % COMMITS_BETWEEN_AUDITS === 0) {
      checkBooks(this.world);
    }
    return true;
  }

  /** Runs a transaction during which nothing else happens. */
  async runAtomically<Result>(service: Service, run: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const tx = this.begin(service);
    const result = await run(tx);
    this.commit(tx);
    return result;
  }

  /** Like a sequence, assigns ids in the order of the inserts and not of the commits. */
  nextOutboxId(): string {
    this.outboxIds++;
    return String(this.outboxIds);
  }

  /** Returns the ids that a poll of the outbox finds: the oldest rows, up to its limit. */
  pollOutbox(service: Service): string[] {
    const ids = [...this.world[service].outbox.entries()].map(([id]) => Number(id)).sort((a, b) => a - b);
    if (this.rules.outbox === 'never read again') {
      return [];
    }
    if (this.rules.outbox === 'read whole') {
      return ids.slice(0, POLL_LIMIT).map(String);
    }
    const last = this.lastPolled.get(service) ?? 0;
    const later = ids.filter((id) => id > last).slice(0, POLL_LIMIT);
    this.lastPolled.set(service, later.at(-1) ?? last);
    return later.map(String);
  }

  undecidedReservations(): string[] {
    const isUndecided = ({ state }: { state: string }) => state === 'RESERVED' || state === 'WAITING';
    return this.world.stock.reservations
      .all()
      .filter(isUndecided)
      .map(({ saga_id }) => saga_id);
  }

  /** Describes what has not ended yet. */
  describeUnfinished(): string[] {
    const { order, payment, stock } = this.world;
    const counts = {
      'pending sagas': order.sagas.open.size,
      'undecided reservations': this.undecidedReservations().length,
      'unsent messages': order.outbox.size + payment.outbox.size + stock.outbox.size,
      'queued messages': this.broker.size,
    };
    return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? `${count} ${what}` : []));
  }
}
