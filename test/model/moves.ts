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

/** How much may happen in the shop that the model explores. */
export interface Bounds {
  /** Checkouts of each order. */
  attempts: number;
  /** Whether deadlines may pass, at any moment. */
  deadlines?: boolean;
  /** Whether two events may be handled in one batch. */
  batches?: boolean;
  /** What people do meanwhile, once each: whose order gets another unit, who gets more credit, and what stock changes. */
  addItemTo?: string;
  addFunds?: { user: string; amount: number };
  changeStock?: { item: string; by: number };
}

interface Heard {
  queue: string;
  events: readonly SagaEvent[];
}

/** Something that a service may do: because people want it, because it hears an event, or of its own accord. */
export interface Move {
  service: Service;
  /** For people; two moves of one service with the same `key` are the same. */
  label: string;
  key: string;
  /** People need not do it, so a system that waits for nothing else is at rest. */
  byPeople?: 'once' | 'again';
  /** What is heard, when it is a delivery. */
  heard?: Heard;
  /** It uses up the news of what those who wait may be given. */
  looksAtNews?: true;
  run(tx: Transaction, world: World): Promise<Effects>;
}

/** Moves that a service makes without hearing anything are told apart by their labels alone. */
const move = (service: Service, label: string, run: Move['run'], byPeople?: Move['byPeople']): Move => {
  return { service, label, key: label, run, ...(byPeople && { byPeople }) };
};
const TRACE = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`;
const nothingBut = (emit: SagaEvent[]): Effects => ({ emit, news: [] });

export function orderMoves({ order }: World, bounds: Bounds, rules: Rules): Move[] {
  const sagas = order.sagas.all();
  const moves = order.orders.all().flatMap(({ id }) => {
    const attempt = sagas.filter((saga) => saga.order_id === id).length + 1;
    if (attempt > bounds.attempts) {
      return [];
    }
    const request = { order_id: id, saga_id: `${id}${attempt}`, may_open: true, traceparent: TRACE };
    const run: Move['run'] = async (tx) => nothingBut((await runCheckouts(tx, [request])).emit);
    return move(
      'order',
      `order ${id} is checked out (saga ${id}${attempt}, unless one is under way)`,
      run,
      'again',
    );
  });
  if (bounds.deadlines) {
    for (const id of order.sagas.open.keys()) {
      const run: Move['run'] = async (tx, world) => nothingBut(await runDeadlines(tx, world, [id], rules));
      moves.push(move('order', `the deadline of ${id} passes`, run));
    }
  }
  const { addItemTo: id } = bounds;
  if (id !== undefined) {
    const run: Move['run'] = (tx, world) => addItem(tx, world, id, rules).then(() => nothingBut([]));
    moves.push(move('order', `somebody adds a unit to order ${id}`, run, 'once'));
  }
  return moves;
}

export function paymentMoves({ addFunds: funds }: Bounds): Move[] {
  if (!funds) {
    return [];
  }
  const run: Move['run'] = (tx) => addFunds(tx, funds.user, funds.amount).then(() => nothingBut([]));
  return [move('payment', `user ${funds.user} is given ${funds.amount}`, run, 'once')];
}

/** The news is all that those who wait may rely on here: the sweep that stands behind it is left out. */
export function stockMoves(news: readonly string[], { changeStock: change }: Bounds): Move[] {
  const moves: Move[] = [];
  if (news.length > 0) {
    const run: Move['run'] = async (tx) => {
      const { emit, unsettled } = await serveWaiting(tx, news);
      return { emit, news: unsettled };
    };
    moves.push({
      ...move('stock', `those who wait for ${news.join(' and ')} are looked at`, run),
      looksAtNews: true,
    });
  }
  if (change) {
    const run: Move['run'] = async (tx) => ({
      emit: [],
      news: await changeStock(tx, change.item, change.by),
    });
    moves.push(move('stock', `the stock of ${change.item} changes by ${change.by}`, run, 'once'));
  }
  return moves;
}

/** What others may hear of an outbox that is never emptied. */
export function deliveries(outbox: readonly Message[], rules: Rules): Move[] {
  const heard = outbox.flat().flatMap((event) => rules.hear(event));
  return heard.map(({ queue, event }) => ({
    service: consumerOf(queue),
    label: `${queue} hears ${nameOf(event)}`,
    key: `${queue} ${JSON.stringify(event)}`,
    heard: { queue, events: [event] },
    run: (tx) => runStep(tx, queue, [event]),
  }));
}

export function inOneBatch(first: Move, second: Move): Move {
  const { queue, events } = first.heard as Heard;
  const both = [...events, ...(second.heard as Heard).events];
  return {
    service: first.service,
    label: `${first.label}, and in the same batch ${second.label}`,
    key: `${first.key} ${second.key}`,
    heard: { queue, events: both },
    run: (tx) => runStep(tx, queue, both),
  };
}

function nameOf({ type, data }: SagaEvent): string {
  return `${type} of ${data.saga_id}${'reason' in data ? ` (${data.reason})` : ''}`;
}
