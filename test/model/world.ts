import { lockOpenOrder } from '../../order/src/http/lock-open-order';
import type { CheckoutDecision, CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import { requestCheckouts } from '../../order/src/saga/1-request-checkout/step';
import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { cancelOverdue } from '../../order/src/saga/cancel-overdue/step';
import { lockUser, moveCredit } from '../../payment/src/http/adjust-credit';
import { chargePayment } from '../../payment/src/saga/3-charge-payment/step';
import { contract, eventsFor, queues, queuesFor, type SagaEvent } from '../../shared/contract/events';
import type { Step } from '../../shared/inbox/step';
import { moveStock } from '../../stock/src/http/adjust-stock';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import { takeUndecided } from '../../stock/src/saga/ask-undecided/statements';
import { askUndecided } from '../../stock/src/saga/ask-undecided/step';
import type { Sql, Transaction } from './memory';
import { type OrderTables, orderSql, orderTables } from './order-tables';
import { type PaymentTables, paymentSql, paymentTables } from './payment-tables';
import { type StockTables, stockSql, stockTables } from './stock-tables';

/**
 * The three services without their processes: the services' own steps and decisions run on tables in memory. The model
 * tries every order of events, the simulation many long random ones.
 */
export interface World {
  readonly order: OrderTables;
  readonly payment: PaymentTables;
  readonly stock: StockTables;
}
export type Service = keyof World;
export const services: readonly Service[] = ['order', 'payment', 'stock'];

/** Those that events of a checkout go through. */
export const checkoutQueues = queues.filter((queue) =>
  eventsFor(queue).some((type) => 'order_id' in contract[type].data.shape),
);

/** How the world works. The tests of the checkers replace one rule at a time by a broken one (see mutants.ts). */
export interface Rules {
  /** Statements that replace the correct ones. */
  readonly sql: { [S in Service]?: (tables: World[S]) => Sql };
  /** Returns the queues that get an event, and the event that each gets. */
  route(event: SagaEvent): { queue: string; event: SagaEvent }[];
  readonly deadline: 'asks payment' | 'decides';
  /** Who asks about what has waited for too long. */
  readonly sweeps: 'of order and stock' | 'only of order' | 'only of stock';
  readonly lines: 'frozen from checkout on' | 'always open';
  readonly checkout: 'locks the order' | 'reads it unlocked';
  readonly publishing: 'after the commit' | 'before the commit';
  readonly acknowledging: 'after the commit' | 'before the commit';
  readonly outbox: 'read whole' | 'read by id > last' | 'never read again';
}

export const protocol: Rules = {
  sql: {},
  route: (event) => queuesFor(event.type).map((queue) => ({ queue, event })),
  deadline: 'asks payment',
  sweeps: 'of order and stock',
  lines: 'frozen from checkout on',
  checkout: 'locks the order',
  publishing: 'after the commit',
  acknowledging: 'after the commit',
  outbox: 'read whole',
};

export interface InitialShop {
  /** Credit of each user. */
  users: Record<string, number>;
  items: Record<string, { stock: number; price: number }>;
  orders: Record<string, { user: string; lines: Record<string, number> }>;
}

export function openShop(shop: InitialShop): World {
  const world = { order: orderTables(), payment: paymentTables(), stock: stockTables() };
  for (const [id, credit] of Object.entries(shop.users)) {
    world.payment.users.set(id, { id, credit });
    world.payment.ledger.set(`init/${id}`, { user_id: id, delta: credit, saga_id: null });
  }
  for (const [id, { stock }] of Object.entries(shop.items)) {
    world.stock.items.set(id, { id, available: stock });
    world.stock.ledger.set(`init/${id}`, { item_id: id, delta: stock, saga_id: null });
  }
  for (const [id, { user, lines }] of Object.entries(shop.orders)) {
    world.order.orders.set(id, { id, user_id: user, saga_id: null });
    const rows = Object.entries(lines).map(([item_id, quantity]) => {
      return { order_id: id, item_id, quantity, price: shop.items[item_id]?.price ?? 0 };
    });
    world.order.lines.set(id, rows);
  }
  return world;
}

/** The statements of every service, with the replacements of the rules. */
export function statementsOf({ order, payment, stock }: World, { sql }: Rules): Record<Service, Sql> {
  return {
    order: { ...orderSql(order), ...sql.order?.(order) },
    payment: { ...paymentSql(payment), ...sql.payment?.(payment) },
    stock: { ...stockSql(stock), ...sql.stock?.(stock) },
  };
}

/** What a transaction causes once it is committed. */
export interface Effects {
  emit: SagaEvent[];
  /** Items that a saga waits for and whose units were just sold, released, added or taken away. */
  itemsToServe: readonly string[];
}

/** Returns the service that consumes a queue. A queue is named after its service and its step. */
export function consumerOf(queue: string): Service {
  return queue.slice(0, queue.indexOf('.')) as Service;
}

export async function runStep(
  tx: Transaction,
  queue: string,
  events: readonly SagaEvent[],
): Promise<Effects> {
  let itemsToServe: readonly string[] = [];
  const steps: Record<string, Step> = {
    'stock.reserve': reserveStock,
    'stock.settle': settleReservation(({ waitedFor }) => {
      itemsToServe = waitedFor;
    }),
    'payment.charge': chargePayment,
    'order.settle': settleCheckout(() => {}),
  };
  const { emit, afterCommit } = await (steps[queue] as Step).run(tx, events);
  // Here it only reports the items to serve, and they are used only after the commit.
  await afterCommit?.();
  return { emit, itemsToServe };
}

export async function runCheckouts(
  tx: Transaction,
  requests: readonly CheckoutRequest[],
): Promise<{ decisions: CheckoutDecision[]; emit: SagaEvent[] }> {
  return requestCheckouts(tx, requests, 8_000);
}

/** Lets the deadlines of these sagas pass, and runs the step with which order handles that. */
export async function runDeadlines(
  tx: Transaction,
  { order: { sagas } }: World,
  sagaIds: readonly string[],
  rules: Rules,
): Promise<SagaEvent[]> {
  for (const id of sagaIds) {
    tx.update(sagas, id, (saga) => ({ ...saga, overdue: saga.state === 'PENDING' }));
  }
  const overdue = await cancelOverdue(tx, { cancelAfterMs: 8_000, readingForMs: 0, limit: 256 });
  if (rules.deadline === 'asks payment') {
    return overdue;
  }
  const released = overdue.map(({ traceparent, data: { saga_id, order_id } }): SagaEvent => {
    return { type: 'stock.released', traceparent, data: { saga_id, order_id, reason: 'cancelled' } };
  });
  return (await runStep(tx, 'order.settle', released)).emit;
}

/** Lets these reservations have waited for too long, and runs the step with which stock handles that. */
export async function runAsks(
  tx: Transaction,
  { stock: { reservations } }: World,
  sagaIds: readonly string[],
): Promise<SagaEvent[]> {
  const undecided = tx
    .getAll(reservations, sagaIds)
    .filter(({ state }) => state === 'RESERVED' || state === 'WAITING');
  tx.presetResult(takeUndecided, undecided);
  return askUndecided(tx, { askAfterMs: 30_000, readingForMs: 0, limit: 256 });
}

/** Replaces the first item of an order, as a client may who removes one and adds another of the same price. */
export async function swapItem(
  tx: Transaction,
  { order }: World,
  swap: { order: string; by: string },
): Promise<void> {
  if (!(await lockOpenOrder(tx, swap.order, undefined))) {
    tx.update(order.lines, swap.order, ([first, ...rest]) =>
      first ? [{ ...first, item_id: swap.by }, ...rest] : undefined,
    );
  }
}

/** Adds a unit of an item that the order already contains, as a client may ask for. */
export async function addItem(
  tx: Transaction,
  { order }: World,
  orderId: string,
  rules: Rules,
): Promise<void> {
  const refusal = await lockOpenOrder(tx, orderId, undefined);
  if (refusal && rules.lines === 'frozen from checkout on') {
    return;
  }
  tx.update(order.lines, orderId, ([first, ...rest]) =>
    first ? [{ ...first, quantity: first.quantity + 1 }, ...rest] : undefined,
  );
}

export async function addFunds(tx: Transaction, userId: string, amount: number): Promise<void> {
  const user = await lockUser(tx, userId);
  if (user) {
    await moveCredit(tx, user, { delta: amount, kind: amount > 0 ? 'add_funds' : 'pay' });
  }
}

/** @returns the items to serve to waiting sagas */
export async function changeStock(tx: Transaction, itemId: string, delta: number): Promise<string[]> {
  const answer = await moveStock(tx, itemId, delta);
  return answer.status === 200 ? [itemId] : [];
}
