import { InvariantViolation } from '../../shared/errors';
import { checkBooks, checkChanges, Violation } from './invariants';
import { type Table, Transaction } from './memory';
import {
  type Bounds,
  deliveries,
  faultMoves,
  type Move,
  orderMoves,
  paymentMoves,
  routesOf,
  stockMoves,
} from './moves';
import { restore } from './restore';
import { type Effects, type Rules, type Service, statementsOf, type World } from './world';

interface State {
  /** Only the tables of this service count. Those of the others are as they were in the initial state. */
  world: World;
  /** Items still to be served to waiting sagas. */
  itemsToServe: readonly string[];
  /** Keys of the moves that happen only once and have happened. */
  done: readonly string[];
  moves: Move[];
  /** The number of the next state, by the key of the move. */
  next: Map<string, number>;
}

/** One service of the model as a state machine: numbered states and the moves between them. No move is computed twice. */
export class Machine {
  private readonly states: State[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly service: Service,
    world: World,
    private readonly bounds: Bounds,
    private readonly rules: Rules,
  ) {
    this.numberOf(world, [], []);
  }

  world(state: number): World {
    return this.at(state).world;
  }
  /** What this service may do in this state, and the deliveries of its events to the others. */
  moves(state: number): readonly Move[] {
    return this.at(state).moves;
  }
  /** The next state, if it was computed before. */
  knownNext(state: number, move: Move): number | undefined {
    return this.at(state).next.get(move.key);
  }

  /**
   * Runs the move and returns the next state.
   * @throws Violation, or what the step throws; in the model a step has no reason to throw
   */
  async computeNext(state: number, move: Move): Promise<number> {
    const { world: before, itemsToServe, done, next: nextByMove } = this.at(state);
    const world = { ...before, [this.service]: copyOf(before[this.service]) };
    const tx = new Transaction(statementsOf(world, this.rules)[this.service]);
    const effects = await this.run(move, tx, world);
    const { outbox, lost } = world[this.service];
    let published = 0;
    for (const event of effects.emit) {
      const name = JSON.stringify(event);
      if (!outbox.get(name)) {
        tx.put(outbox, name, [event]);
      }
      for (const { key } of routesOf(event, this.rules)) {
        published += lost.get(key) ? 1 : 0;
        lost.delete(key);
      }
    }
    if (
      !tx.hasChanges &&
      published === 0 &&
      effects.itemsToServe.length === 0 &&
      !move.external &&
      !move.servesWaiting
    ) {
      nextByMove.set(move.key, state);
      return state;
    }
    tx.commit();
    checkChanges(world, tx);
    if (move.restores) {
      restore(world, this.service, world[this.service].backup.get('') as string);
    }
    checkBooks(world);

    const next = this.numberOf(
      world,
      [...new Set([...(move.servesWaiting ? [] : itemsToServe), ...effects.itemsToServe])].sort(),
      move.external === 'once' ? [...done, move.doneAs ?? move.key].sort() : done,
    );
    if (next !== state && !move.restores && this.progress(next) <= this.progress(state)) {
      throw new Violation('I6: this move made no progress, so it could repeat for ever');
    }
    nextByMove.set(move.key, next);
    return next;
  }

  /** What a step cannot handle after a restore is parked. In a batch, the others are delivered on their own. */
  private async run(move: Move, tx: Transaction, world: World): Promise<Effects> {
    try {
      return await move.run(tx, world);
    } catch (error) {
      if (!(error instanceof InvariantViolation && move.delivery && this.bounds.restored)) {
        throw error;
      }
      const [event, another] = move.delivery.events;
      tx.rollback();
      if (event && !another) {
        tx.put(world[this.service].parked, `${move.delivery.queue} ${JSON.stringify(event)}`, event);
      }
      return { emit: [], itemsToServe: [] };
    }
  }

  /** Returns the number of a state, new or known. The order of rows matters only in the partial indexes, the queues. */
  private numberOf(world: World, itemsToServe: readonly string[], done: readonly string[]): number {
    const tables = Object.values(world[this.service]) as Table<unknown>[];
    const rows = tables.map((table) => [table.entries().sort(), [...table.open.keys()]]);
    const key = JSON.stringify([rows, itemsToServe, done]);
    const known = this.numbers.get(key);
    if (known !== undefined) {
      return known;
    }
    const own = {
      order: () => orderMoves(world, this.bounds, this.rules),
      payment: () => paymentMoves(this.bounds),
      stock: () => stockMoves(itemsToServe, world, this.bounds, this.rules),
    }[this.service]();
    const moves = [
      ...[...own, ...faultMoves(this.service, world, this.bounds, this.rules, done)].filter(
        (move) => !done.includes(move.doneAs ?? move.key),
      ),
      ...deliveries(world[this.service], this.rules),
    ];
    this.numbers.set(key, this.states.length);
    return this.states.push({ world, itemsToServe, done, moves, next: new Map() }) - 1;
  }

  /**
   * A bounded measure that increases with every move that changes the state, so the service always comes to rest. Serving
   * waiting sagas uses up the items to serve, and only a change that weighs more adds items.
   */
  private progress(state: number): number {
    const { world, itemsToServe, done } = this.at(state);
    const rank = { WAITING: 1, RESERVED: 2, REJECTED: 2, COMMITTED: 3, RELEASED: 3 };
    const reservations = world.stock.reservations.all().reduce((sum, { state }) => sum + rank[state], 0);
    const { sagas } = world.order;
    const ended = 2 * sagas.size - sagas.open.size;
    const { outbox, parked, lost } = world[this.service];
    // A loss is among the moves that are done, and weighs more than the message that is lost until it is sent again.
    const sent = outbox.size + parked.size - lost.size / 2;
    return (
      100 * (reservations + ended + world.payment.charges.size + sent + done.length) - itemsToServe.length
    );
  }

  private at(state: number): State {
    return this.states[state] as State;
  }
}

function copyOf<Tables extends object>(tables: Tables): Tables {
  const copies = Object.entries(tables).map(([name, table]) => [name, (table as Table<unknown>).copy()]);
  return Object.fromEntries(copies) as Tables;
}
