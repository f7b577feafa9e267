import { checkBooks, checkChanges, Violation } from './invariants';
import { type Table, Transaction } from './memory';
import { type Bounds, deliveries, type Move, orderMoves, paymentMoves, stockMoves } from './moves';
import { type Rules, type Service, statementsOf, type World } from './world';

interface State {
  /** Its own tables are of interest; those of the others are as they were when the shop opened. */
  world: World;
  /** Items of which those who wait must still be told. */
  news: readonly string[];
  /** What people have done that they do once. */
  done: readonly string[];
  moves: Move[];
  /** Where moves lead, by their keys. */
  after: Map<string, number>;
}

/** One service of the model: its states, each with a number, and where moves lead. Nothing is worked out twice. */
export class Machine {
  private readonly states: State[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly service: Service,
    world: World,
    private readonly bounds: Bounds,
    private readonly rules: Rules,
  ) {
    this.number(world, [], []);
  }

  world(state: number): World {
    return this.at(state).world;
  }
  /** What this service may do in this state, and what it has given the others to hear. */
  moves(state: number): readonly Move[] {
    return this.at(state).moves;
  }
  known(state: number, move: Move): number | undefined {
    return this.at(state).after.get(move.key);
  }

  /** @throws Violation, or whatever the step throws, for which there is never a reason here */
  async work(state: number, move: Move): Promise<number> {
    const { world: before, news, done, after } = this.at(state);
    const world = { ...before, [this.service]: copyOf(before[this.service]) };
    const tx = new Transaction(statementsOf(world, this.rules)[this.service]);
    const effects = await move.run(tx, world);
    const { outbox } = world[this.service];
    for (const event of effects.emit) {
      const name = JSON.stringify(event);
      if (!outbox.get(name)) {
        tx.put(outbox, name, [event]);
      }
    }
    if (!tx.hasChanges && effects.news.length === 0 && !move.byPeople && !move.looksAtNews) {
      after.set(move.key, state);
      return state;
    }
    tx.commit();
    checkChanges(world, tx);
    checkBooks(world);

    const next = this.number(
      world,
      [...new Set([...(move.looksAtNews ? [] : news), ...effects.news])].sort(),
      move.byPeople === 'once' ? [...done, move.key].sort() : done,
    );
    if (next !== state && this.progress(next) <= this.progress(state)) {
      throw new Violation('I6: this brought nothing nearer to its end, so it may go on for ever');
    }
    after.set(move.key, next);
    return next;
  }

  /** The number of a state, new or known. Where rows are in a table matters only as far as it is a queue. */
  private number(world: World, news: readonly string[], done: readonly string[]): number {
    const tables = Object.values(world[this.service]) as Table<unknown>[];
    const rows = tables.map((table) => [table.entries().sort(), [...table.open.keys()]]);
    const key = JSON.stringify([rows, news, done]);
    const known = this.numbers.get(key);
    if (known !== undefined) {
      return known;
    }
    const own = {
      order: () => orderMoves(world, this.bounds, this.rules),
      payment: () => paymentMoves(this.bounds),
      stock: () => stockMoves(news, this.bounds),
    }[this.service]();
    const moves = [
      ...own.filter((move) => !done.includes(move.key)),
      ...deliveries(world[this.service].outbox.all(), this.rules),
    ];
    this.numbers.set(key, this.states.length);
    return this.states.push({ world, news, done, moves, after: new Map() }) - 1;
  }

  /**
   * Rises with everything that can happen and is bounded, so whatever happens, the service comes to rest. Looking at
   * those who wait uses up the news, and only a change that weighs more brings any.
   */
  private progress(state: number): number {
    const { world, news, done } = this.at(state);
    const rank = { WAITING: 1, RESERVED: 2, REJECTED: 2, COMMITTED: 3, RELEASED: 3 };
    const reservations = world.stock.reservations.all().reduce((sum, { state }) => sum + rank[state], 0);
    const ended = world.order.sagas.size - world.order.sagas.open.size;
    const said = world[this.service].outbox.size;
    return 100 * (reservations + ended + world.payment.charges.size + said + done.length) - news.length;
  }

  private at(state: number): State {
    return this.states[state] as State;
  }
}

function copyOf<Tables extends object>(tables: Tables): Tables {
  const copies = Object.entries(tables).map(([name, table]) => [name, (table as Table<unknown>).copy()]);
  return Object.fromEntries(copies) as Tables;
}
