import type { SagaEvent } from '../../shared/contract/events';
import { serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import type { Transaction } from './memory';
import type { Message } from './order-tables';
import {
  addFunds,
  addItem,
  changeStock,
  consumerOf,
  type Effects,
  type Rules,
  runCheckouts,
  runDeadlines,
  runStep,
  type Service,
  type World,
} from './world';

/** Limits on what happens in the shop that the model explores. */
export interface Bounds {
  /** The most checkouts of each order. */
  attempts: number;
  /** Whether deadlines may pass, at any moment. */
  deadlines?: boolean;
  /** Whether two events may be handled in one batch. */
  batches?: boolean;
  /** What else clients do, once each: add a unit to this order, give this user credit, change the stock of this item. */
  addItemTo?: string;
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
  /** What is delivered, when the move is a delivery. */
  delivery?: Delivery;
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
  const moves = order.orders.all().flatMap(({ id }) => {
    const attempt = sagas.filter((saga) => saga.order_id === id).length + 1;
    if (attempt > bounds.attempts) {
      return [];
    }
    const request = { order_id: id, saga_id: `${id}${attempt}`, may_open: true, traceparent: TRACE };
    const run: Move['run'] = async (tx) => onlyEvents((await runCheckouts(tx, [request])).emit);
    return move(
      'order',
      `order ${id} is checked out (saga ${id}${attempt}, unless one is in flight)`,
      run,
      'repeatable',
    );
  });
  if (bounds.deadlines) {
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
export function stockMoves(itemsToServe: readonly string[], { changeStock: change }: Bounds): Move[] {
  const moves: Move[] = [];
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

/** The deliveries of all events in an outbox, which is never emptied. */
export function deliveries(outbox: readonly Message[], rules: Rules): Move[] {
  const routed = outbox.flat().flatMap((event) => rules.route(event));
  return routed.map(({ queue, event }) => ({
    service: consumerOf(queue),
    label: `${queue} gets ${nameOf(event)}`,
    key: `${queue} ${JSON.stringify(event)}`,
    delivery: { queue, events: [event] },
    run: (tx) => runStep(tx, queue, [event]),
  }));
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
