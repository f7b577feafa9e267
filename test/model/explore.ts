import { checkEnded, checkSaga } from './invariants';
import { Machine } from './machine';
import { type Bounds, inOneBatch, type Move } from './moves';
import { withShortIds } from './order-tables';
import {
  type InitialShop,
  openShop,
  protocol,
  type Rules,
  type Service,
  services,
  type World,
} from './world';

/**
 * Explores every state that a small shop can reach, breadth first, so that a violation is found with the shortest trace.
 *
 * The network is the outboxes, which are never emptied: every event that was ever committed may be delivered at any
 * moment, in any order, any number of times. A state of the system is a tuple of one state per service. Events are all
 * that a service gets from the others, so each move of a service in one of its own states is computed once (see Machine),
 * by running the step on tables in memory. The rest is looking up numbers.
 */
export interface Exploration {
  states: number;
  /** States in which the system is at rest. */
  restStates: number;
  seconds: number;
  /** What is wrong, and the shortest trace that leads to it; absent when nothing is. */
  violation?: { message: string; trace: string[] };
}

/** The state number of each service, in this order. Three numbers below 2^17 fit exactly into one double (51 bits). */
type Numbers = readonly [order: number, payment: number, stock: number];
const LIMIT = 2 ** 17;

export async function explore(
  shop: InitialShop,
  bounds: Bounds,
  rules: Rules = protocol,
): Promise<Exploration> {
  const started = performance.now();
  const machines = Object.fromEntries(
    services.map((service) => [service, new Machine(service, openShop(shop), bounds, rules)]),
  ) as Record<Service, Machine>;
  const states: Numbers[] = [];
  const known = new Set<number>();
  const predecessors: { state: number; label: string }[] = [];
  let restStates = 0;
  let currentMove: Move | undefined;

  addState([0, 0, 0], -1, 'the shop opens');
  for (let current = 0; current < states.length; current++) {
    try {
      await expand(current, states[current] as Numbers);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ...figures(), violation: { message, trace: traceTo(current, currentMove) } };
    }
  }
  return figures();

  /** Checks a state, and adds every state that one move leads to. */
  async function expand(current: number, state: Numbers): Promise<void> {
    currentMove = undefined;
    const world = worldOf(state);
    for (const { saga_id } of world.order.sagas.all()) {
      checkSaga(world, saga_id);
    }
    let isAtRest = true;
    for (currentMove of movesOf(state)) {
      const { service, label, external } = currentMove;
      const index = services.indexOf(service);
      const own = state[index] as number;
      const next =
        machines[service].knownNext(own, currentMove) ??
        (await machines[service].computeNext(own, currentMove));
      if (next === own) {
        continue;
      }
      if (!external) {
        isAtRest = false;
      }
      addState(state.with(index, next) as unknown as Numbers, current, label);
    }
    currentMove = undefined;
    if (!isAtRest) {
      return;
    }
    restStates++;
    checkEnded(world, true);
  }

  function addState(state: Numbers, from: number, label: string): void {
    const packed = (state[0] * LIMIT + state[1]) * LIMIT + state[2];
    if (known.has(packed)) {
      return;
    }
    known.add(packed);
    states.push(state);
    predecessors.push({ state: from, label });
  }

  function worldOf([order, payment, stock]: Numbers): World {
    return {
      order: machines.order.world(order).order,
      payment: machines.payment.world(payment).payment,
      stock: machines.stock.world(stock).stock,
    };
  }

  function movesOf(state: Numbers): Move[] {
    const moves = services.flatMap((service, index) => machines[service].moves(state[index] as number));
    return bounds.batches ? [...moves, ...batchesOf(moves)] : moves;
  }

  function figures() {
    return { states: states.length, restStates, seconds: (performance.now() - started) / 1_000 };
  }

  function traceTo(state: number, last: Move | undefined): string[] {
    const labels = last ? [last.label] : [];
    for (let i = state; i > 0; i = predecessors[i]?.state ?? 0) {
      labels.unshift(predecessors[i]?.label ?? '');
    }
    return labels;
  }
}

/** Every ordered pair of events that one queue may get, including the same event twice, as one batch. */
function batchesOf(moves: readonly Move[]): Move[] {
  const deliveries = moves.filter((move) => move.delivery);
  return deliveries.flatMap((first) =>
    deliveries.flatMap((second) =>
      first.delivery?.queue === second.delivery?.queue ? inOneBatch(first, second) : [],
    ),
  );
}

/** Describes the result, with the trace of a violation. */
export function describeExploration({ states, seconds, violation }: Exploration): string {
  const figures = `${states.toLocaleString('en')} states in ${seconds.toFixed(1)} s`;
  if (!violation) {
    return figures;
  }
  const trace = violation.trace.map((label, i) => `  ${i + 1}. ${label}`);
  return withShortIds([`${violation.message} (${figures}). The trace:`, ...trace].join('\n'));
}
