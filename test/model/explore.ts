import { checkEnded, checkSaga } from './invariants';
import { Machine } from './machine';
import { type Bounds, inOneBatch, type Move } from './moves';
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
 * Explores every state that a small shop can get into, breadth first, so that what is found wrong is found with the
 * shortest way to it.
 *
 * The network is the outboxes, which are never emptied: every event that was ever committed may be heard at any
 * moment, in any order, and again and again. A state of the whole is a state of each service. A service hears nothing
 * of the others but events, so what it does in a state of its own is worked out once (see Machine), by running the
 * step on tables in memory; the rest is looking up numbers.
 */
export interface Exploration {
  states: number;
  /** States in which the system is at rest. */
  ends: number;
  seconds: number;
  /** What is wrong, and the shortest way to it; undefined when nothing is. */
  violation?: { message: string; trace: string[] };
}

/** A state number of each service, in this order. Three numbers below 2^17 fit into one that is exact. */
type Numbers = readonly [order: number, payment: number, stock: number];
const LIMIT = 2 ** 17;

export async function explore(
  shop: InitialShop,
  bounds: Bounds,
  rules: Rules = protocol,
): Promise<Exploration> {
  const started = performance.now();
  const machine = Object.fromEntries(
    services.map((service) => [service, new Machine(service, openShop(shop), bounds, rules)]),
  ) as Record<Service, Machine>;
  const states: Numbers[] = [];
  const known = new Set<number>();
  const cameFrom: { state: number; by: string }[] = [];
  let ends = 0;
  let trying: Move | undefined;

  reach([0, 0, 0], -1, 'the shop opens');
  for (let current = 0; current < states.length; current++) {
    try {
      await leave(current, states[current] as Numbers);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ...figures(), violation: { message, trace: traceTo(current, trying) } };
    }
  }
  return figures();

  async function leave(current: number, state: Numbers): Promise<void> {
    trying = undefined;
    const world = worldOf(state);
    for (const { saga_id } of world.order.sagas.all()) {
      checkSaga(world, saga_id);
    }
    let atRest = true;
    for (trying of movesOf(state)) {
      const at = services.indexOf(trying.service);
      const here = state[at] as number;
      const next =
        machine[trying.service].known(here, trying) ?? (await machine[trying.service].work(here, trying));
      if (next === here) {
        continue;
      }
      if (!trying.byPeople) {
        atRest = false;
      }
      reach(state.with(at, next) as unknown as Numbers, current, trying.label);
    }
    trying = undefined;
    if (!atRest) {
      return;
    }
    ends++;
    checkEnded(world);
  }

  function reach(state: Numbers, from: number, by: string): void {
    const packed = (state[0] * LIMIT + state[1]) * LIMIT + state[2];
    if (known.has(packed)) {
      return;
    }
    known.add(packed);
    states.push(state);
    cameFrom.push({ state: from, by });
  }

  function worldOf([order, payment, stock]: Numbers): World {
    return {
      order: machine.order.world(order).order,
      payment: machine.payment.world(payment).payment,
      stock: machine.stock.world(stock).stock,
    };
  }

  function movesOf(state: Numbers): Move[] {
    const moves = services.flatMap((service, at) => machine[service].moves(state[at] as number));
    return bounds.batches ? [...moves, ...batchesOf(moves)] : moves;
  }

  function figures() {
    return { states: states.length, ends, seconds: (performance.now() - started) / 1_000 };
  }

  function traceTo(state: number, last: Move | undefined): string[] {
    const steps = last ? [last.label] : [];
    for (let at = state; at > 0; at = cameFrom[at]?.state ?? 0) {
      steps.unshift(cameFrom[at]?.by ?? '');
    }
    return steps;
  }
}

/** Any two events that a queue may hear, also the same one twice, in one batch. */
function batchesOf(moves: readonly Move[]): Move[] {
  const heard = moves.filter((move) => move.heard);
  return heard.flatMap((first) =>
    heard.flatMap((second) => (first.heard?.queue === second.heard?.queue ? inOneBatch(first, second) : [])),
  );
}

/** What is found, in sentences. */
export function told({ states, seconds, violation }: Exploration): string {
  const figures = `${states.toLocaleString('en')} states in ${seconds.toFixed(1)} s`;
  if (!violation) {
    return figures;
  }
  const steps = violation.trace.map((step, i) => `  ${i + 1}. ${step}`);
  return [`${violation.message} (${figures}), by way of`, ...steps].join('\n');
}
