import type { Random } from '../../tools/chaos/random';
import { Bus } from './bus';
import { checkBooks, checkChanges, checkSaga } from './invariants';
import { type Sql, Transaction } from './memory';
import { type InitialShop, openShop, type Rules, type Service, statementsOf, type World } from './world';

/** Probabilities, each of one occasion. */
export interface Risks {
  /** A message is not confirmed, whether or not the broker has it. */
  unconfirmed: number;
  /** A transaction is committed, and the answer to COMMIT is lost. */
  commitUnknown: number;
}

/** Messages that one poll of the outbox takes. */
const POLL_LIMIT = 20;
/** The books are added up after so many commits, and at the end. */
const COMMITS_BETWEEN_AUDITS = 500;

/** What the replicas share: databases and broker. Whatever is committed here is checked at once. */
export class Surroundings {
  readonly world: World;
  readonly bus: Bus;
  /** Transactions that lost a race and were run again, COMMITs whose answer got lost, and sagas that had to wait. */
  readonly counts = { races: 0, lost_commits: 0, waits: 0 };
  private readonly sql: Record<Service, Sql>;
  private readonly lastPolled = new Map<Service, number>();
  private commits = 0;
  private outboxIds = 0;

  constructor(
    shop: InitialShop,
    readonly rules: Rules,
    readonly random: Random,
    readonly risks: Risks,
  ) {
    this.world = openShop(shop);
    this.bus = new Bus(rules, random);
    this.sql = statementsOf(this.world, rules);
  }

  begin(service: Service): Transaction {
    return new Transaction(this.sql[service]);
  }

  /** @returns false when the transaction lost a race, and nothing was changed */
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

  /** Runs a transaction in which nothing comes in between. */
  async atOnce<Result>(service: Service, run: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const tx = this.begin(service);
    const result = await run(tx);
    this.commit(tx);
    return result;
  }

  /** Taken when a row is inserted, as a sequence does it, and so not in the order of the commits. */
  nextOutboxId(): string {
    this.outboxIds++;
    return String(this.outboxIds);
  }

  /** What a poll of the outbox finds: the oldest rows, as far as it looks. */
  leftovers(service: Service): string[] {
    const ids = [...this.world[service].outbox.entries()].map(([id]) => Number(id)).sort((a, b) => a - b);
    if (this.rules.outbox === 'read whole') {
      return ids.slice(0, POLL_LIMIT).map(String);
    }
    const last = this.lastPolled.get(service) ?? 0;
    const later = ids.filter((id) => id > last).slice(0, POLL_LIMIT);
    this.lastPolled.set(service, later.at(-1) ?? last);
    return later.map(String);
  }

  /** What has still to happen, in words. */
  whatIsLeft(): string[] {
    const { order, payment, stock } = this.world;
    const left = {
      'pending sagas': order.sagas.open.size,
      'waiting reservations': stock.reservations.open.size,
      'unsent messages': order.outbox.size + payment.outbox.size + stock.outbox.size,
      'queued messages': this.bus.size,
    };
    return Object.entries(left).flatMap(([what, count]) => (count > 0 ? `${count} ${what}` : []));
  }
}
