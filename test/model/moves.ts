import type { SagaEvent } from '../../shared/contract/events';
import { serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import type { Transaction } from './memory';
import { nextSagaId } from './order-tables';
import { backUp } from './restore';
import {
  addFunds,
  addItem,
  changeStock,
  consumerOf,
  type Effects,
  type Rules,
  runAsks,
  runCheckouts,
  runDeadlines,
  runStep,
  type Service,
  swapItem,
  type World,
} from './world';

/** Limits on what happens in the shop that the model explores. */
export interface Bounds {
  /** The most checkouts of each order. */
  attempts: number;
  /** Whether deadlines may pass, at any moment. */
  deadlines?: boolean;
  /** Whether stock may ask for decisions, at any moment. */
  asks?: boolean;
  /** How many messages may be lost for good, of each service. */
  losses?: number;
  /** The service whose database is once backed up and once returned to the backup. */
  restored?: Service;
  /** Whether two events may be handled in one batch. */
  batches?: boolean;
  /** What else clients do, once each: add a unit to this order, give this user credit, change the stock of this item. */
  addItemTo?: string;
  /** Replaces an item of this order by another of the same price. */
  swapItemOf?: { order: string; by: string };
  addFunds?: { user: string; amount: number };
  changeStock?: { item: string; by: number };
}

interface Delivery {
  queue: string;
  events: readonly SagaEvent[];
}

/** Something that a service may do: because a client asks for it, because an event is delivered, or on its own. */
export interface Move {
  service: Service;
  /** A description for readers of a trace. */
  label: string;
  /** Two moves of one service with the same key are the same. */
  key: string;
  /** A client causes it and need not, so the system is at rest when only such moves are possible. */
  external?: 'once' | 'repeatable';
  /** What is recorded as done when it happens once; by default its key. */
  doneAs?: string;
  /** What is delivered, when the move is a delivery. */
  delivery?: Delivery;
  /** It returns the service's database to its backup. */
  restores?: true;
  /** It serves waiting sagas, and so uses up the items to serve. */
  servesWaiting?: true;
  run(tx: Transaction, world: World): Promise<Effects>;
}

/** Moves that are not deliveries have different labels, so the label is also the key. */
const move = (service: Service, label: string, run: Move['run'], external?: Move['external']): Move => {
  return { service, label, key: label, run, ...(external && { external }) };
};
const TRACE = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`;
const onlyEvents = (emit: SagaEvent[]): Effects => ({ emit, itemsToServe: [] });

export function orderMoves({ order }: World, bounds: Bounds, rules: Rules): Move[] {
  const sagas = order.sagas.all();
  const moves = order.orders.all().flatMap((row) => {
    const { id } = row;
    const attempt = sagas.filter((saga) => saga.order_id === id).length + 1;
    if (attempt > bounds.attempts) {
      return [];
    }
    const request = { order_id: id, only_of: undefined, may_open: true, traceparent: TRACE };
    const run: Move['run'] = async (tx) => onlyEvents((await runCheckouts(tx, [request])).emit);
    return move(
      'order',
      `order ${id} is checked out (saga ${nextSagaId(row)}, unless one is in flight)`,
      run,
      'repeatable',
    );
  });
  if (bounds.deadlines && rules.sweeps !== 'only of stock') {
    for (const id of order.sagas.open.keys()) {
      const run: Move['run'] = async (tx, world) => onlyEvents(await runDeadlines(tx, world, [id], rules));
      moves.push(move('order', `the deadline of ${id} passes`, run));
    }
  }
  const { addItemTo: id } = bounds;
  if (id !== undefined) {
    const run: Move['run'] = (tx, world) => addItem(tx, world, id, rules).then(() => onlyEvents([]));
    moves.push(move('order', `a client adds a unit to order ${id}`, run, 'once'));
  }
  const { swapItemOf: swap } = bounds;
  if (swap !== undefined) {
    const run: Move['run'] = (tx, world) => swapItem(tx, world, swap).then(() => onlyEvents([]));
    moves.push(move('order', `a client replaces an item of order ${swap.order} by ${swap.by}`, run, 'once'));
  }
  return moves;
}

export function paymentMoves({ addFunds: funds }: Bounds): Move[] {
  if (!funds) {
    return [];
  }
  const run: Move['run'] = (tx) => addFunds(tx, funds.user, funds.amount).then(() => onlyEvents([]));
  return [move('payment', `user ${funds.user} gets ${funds.amount} of credit`, run, 'once')];
}

/** Waiting sagas must be served through the items to serve alone: the sweep that backs them up is left out here. */
export function stockMoves(
  itemsToServe: readonly string[],
  { stock }: World,
  { changeStock: change, asks }: Bounds,
  rules: Rules,
): Move[] {
  const moves: Move[] = [];
  if (asks && rules.sweeps !== 'only of order') {
    for (const { saga_id, state } of stock.reservations.all()) {
      if (state === 'RESERVED' || state === 'WAITING') {
        const run: Move['run'] = async (tx, world) => onlyEvents(await runAsks(tx, world, [saga_id]));
        moves.push(move('stock', `stock asks for the decision on ${saga_id}`, run));
      }
    }
  }
  if (itemsToServe.length > 0) {
    const run: Move['run'] = async (tx) => {
      const { emit, unsettled } = await serveWaiting(tx, itemsToServe);
      return { emit, itemsToServe: unsettled };
    };
    moves.push({
      ...move('stock', `the sagas that wait for ${itemsToServe.join(' and ')} are served`, run),
      servesWaiting: true,
    });
  }
  if (change) {
    const run: Move['run'] = async (tx) => ({
      emit: [],
      itemsToServe: await changeStock(tx, change.item, change.by),
    });
    moves.push(move('stock', `the stock of ${change.item} changes by ${change.by}`, run, 'once'));
  }
  return moves;
}

/** A message on its way to one queue. */
type Route = ReturnType<Rules['route']>[number] & { key: string };
export function routesOf(event: SagaEvent, rules: Rules): Route[] {
  return rules
    .route(event)
    .map((route) => ({ ...route, key: `${route.queue} ${JSON.stringify(route.event)}` }));
}

/** The deliveries of all events in an outbox, which is never emptied, except for those that are lost. */
export function deliveries({ outbox, lost }: World[Service], rules: Rules): Move[] {
  const routed = outbox
    .all()
    .flat()
    .flatMap((event) => routesOf(event, rules));
  return routed
    .filter(({ key }) => !lost.get(key))
    .map(({ queue, event, key }) => ({
      service: consumerOf(queue),
      label: `${queue} gets ${nameOf(event)}`,
      key,
      delivery: { queue, events: [event] },
      run: (tx) => runStep(tx, queue, [event]),
    }));
}

/** What may go wrong for good: messages of this service are lost, and its database returns to an earlier commit. */
export function faultMoves(
  service: Service,
  world: World,
  bounds: Bounds,
  rules: Rules,
  done: readonly string[],
): Move[] {
  const { outbox, lost, backup } = world[service];
  const messages = outbox
    .all()
    .flat()
    .flatMap((event) => routesOf(event, rules));
  const losses = done.filter((what) => what.startsWith('loss')).length;
  const losing = messages
    .filter(({ key }) => losses < (bounds.losses ?? 0) && !lost.get(key))
    .map(({ queue, event, key }): Move => {
      const run: Move['run'] = async (_, world) => {
        world[service].lost.set(key, true);
        return onlyEvents([]);
      };
      const label = `${queue} loses ${nameOf(event)}`;
      return { ...move(service, label, run, 'once'), key: `loss of ${key}`, doneAs: `loss ${losses}` };
    });
  return [...losing, ...restoring()];

  function restoring(): Move[] {
    if (bounds.restored !== service) {
      return [];
    }
    const backingUp: Move['run'] = async (_, world) => {
      world[service].backup.set('', backUp(world[service]));
      return onlyEvents([]);
    };
    const restored = move(
      service,
      `the database of ${service} is restored`,
      async () => onlyEvents([]),
      'once',
    );
    return [
      move(service, `the database of ${service} is backed up`, backingUp, 'once'),
      ...(backup.size > 0 ? [{ ...restored, restores: true as const }] : []),
    ];
  }
}

export function inOneBatch(first: Move, second: Move): Move {
  const { queue, events } = first.delivery as Delivery;
  const both = [...events, ...(second.delivery as Delivery).events];
  return {
    service: first.service,
    label: `${first.label}, and in the same batch ${second.label}`,
    key: `${first.key} ${second.key}`,
    delivery: { queue, events: both },
    run: (tx) => runStep(tx, queue, both),
  };
}

function nameOf({ type, data }: SagaEvent): string {
  return `${type} of ${data.saga_id}${'reason' in data ? ` (${data.reason})` : ''}`;
}
