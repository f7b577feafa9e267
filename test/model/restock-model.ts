import type { Restock } from '../../catalog/src/saga/restock';
import type { Table } from './memory';
import {
  ask,
  deliver,
  keyOf,
  openWorld,
  type RestockRules,
  type RestockWorld,
  request,
  restockProtocol,
  type Side,
} from './restock-world';

/** What happens in the shop that is explored. */
export interface RestockBounds {
  readonly restocks: readonly Restock[];
  /** How many events may be lost for good. */
  readonly losses: number;
  /** The service whose database is once backed up and once returned to the backup. */
  readonly restored?: Side;
}

export interface RestockExploration {
  readonly states: number;
  readonly restStates: number;
  /** What is wrong, and the shortest trace that leads to it; absent when nothing is. */
  readonly violation?: string;
}

interface State {
  readonly world: RestockWorld;
  /** What happens only once and has happened. */
  readonly done: readonly string[];
  /** The tables of the restored service, once they were backed up. */
  readonly backup: string | undefined;
  readonly trace: readonly string[];
}

interface Move {
  readonly label: string;
  /** Somebody causes it and need not, so the system is at rest when only such moves are possible. */
  readonly external?: true;
  /** @returns the backup, if it takes one */
  run(state: State): Promise<string | undefined>;
}

type Tables = Record<string, Table<unknown>>;
const rowsOf = (tables: object) =>
  Object.entries(tables as Tables).map(([name, table]) => [name, table.entries().sort()] as const);
const keyOfState = ({ world, done, backup }: State) =>
  JSON.stringify([rowsOf(world.catalog), rowsOf(world.stock), world.network.entries().sort(), done, backup]);
const copyOf = <T extends object>(tables: T): T =>
  Object.fromEntries(Object.entries(tables as Tables).map(([name, table]) => [name, table.copy()])) as T;

/** Explores every state that the shop can reach, breadth first, and checks each of them. */
export async function exploreRestocks(
  bounds: RestockBounds,
  rules: RestockRules = restockProtocol,
): Promise<RestockExploration> {
  const states: State[] = [{ world: openWorld(), done: [], backup: undefined, trace: [] }];
  const known = new Set([keyOfState(states[0] as State)]);
  let restStates = 0;
  for (let current = 0; current < states.length; current++) {
    const state = states[current] as State;
    let isAtRest = true;
    for (const move of movesOf(state, bounds, rules)) {
      const { catalog, stock, network } = state.world;
      const world = { catalog: copyOf(catalog), stock: copyOf(stock), network: network.copy() };
      const done = move.external ? [...state.done, move.label].sort() : state.done;
      const next = { ...state, world, done, trace: [...state.trace, move.label] };
      const backup = (await move.run(next)) ?? state.backup;
      const reached: State = { ...next, backup };
      const key = keyOfState(reached);
      isAtRest &&= move.external === true || key === keyOfState(state);
      if (known.has(key)) {
        continue;
      }
      known.add(key);
      const wrong = checkAlways(reached);
      if (wrong !== undefined) {
        return { states: states.length, restStates, violation: describe(wrong, reached) };
      }
      states.push(reached);
    }
    if (isAtRest) {
      restStates++;
      const wrong = checkAtRest(state);
      if (wrong !== undefined) {
        return { states: states.length, restStates, violation: describe(wrong, state) };
      }
    }
  }
  return { states: states.length, restStates };
}

const describe = (wrong: string, { trace }: State) =>
  [`${wrong}. The trace:`, ...trace.map((label, i) => `  ${i + 1}. ${label}`)].join('\n');

/** What changes the world and takes no backup. */
const act =
  (change: (state: State) => unknown): Move['run'] =>
  async (state) => {
    await change(state);
    return undefined;
  };

function movesOf({ world, done, backup }: State, bounds: RestockBounds, rules: RestockRules): Move[] {
  const events = world.network.all();
  const isOpen = (move: Move) => !done.includes(move.label);
  const requests = bounds.restocks.map((restock): Move => {
    const label = `restock ${restock.id}: ${restock.quantity} of ${restock.item_id} for ${restock.price}`;
    return { label, external: true, run: act(({ world }) => request(world, restock, rules)) };
  });
  const deliveries = events.map((event): Move => {
    return {
      label: `gets ${keyOf(event)}`,
      run: act(({ world }) => deliver(world, [event], rules)),
    };
  });
  const batches = events.flatMap((first) =>
    events
      .filter(({ type }) => type === first.type)
      .map((second): Move => {
        const label = `gets ${keyOf(first)} and ${keyOf(second)}`;
        return { label, run: act(({ world }) => deliver(world, [first, second], rules)) };
      }),
  );
  const lost = done.filter((label) => label.startsWith('loses')).length;
  const losses = (lost < bounds.losses ? events : []).map((event): Move => {
    const label = `loses ${keyOf(event)}`;
    return { label, external: true, run: act(({ world }) => world.network.delete(keyOf(event))) };
  });
  const asking: Move = { label: 'catalog asks', run: act(({ world }) => ask(world, rules)) };
  return [
    ...[...requests, ...losses, ...restores(bounds, backup)].filter(isOpen),
    ...deliveries,
    ...batches,
    asking,
  ];
}

function restores({ restored }: RestockBounds, backup: string | undefined): Move[] {
  if (restored === undefined) {
    return [];
  }
  const backingUp: Move = {
    label: `${restored} is backed up`,
    external: true,
    run: async ({ world }) => JSON.stringify(rowsOf(world[restored])),
  };
  const restoring: Move = {
    label: `${restored} is restored`,
    external: true,
    async run({ world, backup = '[]' }) {
      const rows = new Map<string, [string, unknown][]>(JSON.parse(backup));
      for (const [name, table] of Object.entries(world[restored] as unknown as Tables)) {
        table.clear();
        for (const [key, row] of rows.get(name) ?? []) {
          table.set(key, row);
        }
      }
      return undefined;
    },
  };
  return [backingUp, ...(backup === undefined ? [] : [restoring])];
}

/** What holds at every moment. */
function checkAlways({ world: { catalog, stock }, done }: State): string | undefined {
  for (const { id, available } of stock.items.all()) {
    const entries = stock.ledger.all().filter(({ item_id }) => item_id === id);
    const owned = entries.reduce((sum, { delta }) => sum + delta, 0);
    const added = stock.restocks.all().filter((restock) => restock.item_id === id && restock.reason === null);
    const wanted = added.reduce((sum, { quantity }) => sum + quantity, 0);
    if (available !== owned || owned !== wanted) {
      return `I11: item ${id} has ${available} units, its ledger ${owned}, and its restocks are ${wanted}`;
    }
  }
  if (done.includes('stock is restored')) {
    return undefined;
  }
  for (const { id, item_id, state } of catalog.restocks.all()) {
    const decided = stock.restocks.get(id);
    if (
      state !== 'REQUESTED' &&
      (decided === undefined || (decided.reason === null) !== (state === 'DONE'))
    ) {
      return `I11: restock ${id} of ${item_id} is ${state}, which stock has not said`;
    }
  }
  for (const [item, isListed] of catalog.products.entries()) {
    if (
      isListed &&
      !stock.restocks.all().some((restock) => restock.item_id === item && restock.reason === null)
    ) {
      return `${item} is listed, and stock has no units of it`;
    }
  }
  return undefined;
}

/** What holds when nothing is left to do. */
function checkAtRest({ world: { catalog, stock }, done }: State): string | undefined {
  const waiting = catalog.restocks.all().filter(({ state }) => state === 'REQUESTED');
  if (waiting.length > 0) {
    return `I6: the system is at rest, but restock ${waiting[0]?.id} has no answer`;
  }
  const isRestored = done.some((label) => label.endsWith('is restored'));
  if (catalog.parked.size + stock.parked.size > 0 && !isRestored) {
    return 'I6: an event is parked, which nothing explains';
  }
  const forgotten = stock.restocks.all().filter(({ id }) => catalog.restocks.get(id) === undefined);
  const isTold = (id: string) => catalog.parked.all().some(({ data }) => data.saga_id === id);
  const untold = forgotten.find(({ id }) => !isTold(id));
  return untold && !done.some((label) => label.startsWith('loses'))
    ? `I11: stock has restock ${untold.id}, catalog has forgotten it, and nobody is told`
    : undefined;
}
