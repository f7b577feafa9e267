import { lockOpenOrder } from '../../order/src/http/open-order';
import type { CheckoutDecision, CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import { requestCheckouts } from '../../order/src/saga/1-request-checkout/step';
import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { cancelOverdue } from '../../order/src/saga/cancel-overdue/step';
import { lockUser, moveCredit } from '../../payment/src/http/adjust-credit';
import { chargePayment } from '../../payment/src/saga/3-charge-payment/step';
import { queuesFor, type SagaEvent } from '../../shared/contract/events';
import type { Step } from '../../shared/inbox/step';
import { moveStock } from '../../stock/src/http/adjust-stock';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import type { Sql, Transaction } from './memory';
import { type OrderTables, orderSql, orderTables } from './order-tables';
import { type PaymentTables, paymentSql, paymentTables } from './payment-tables';
import { type StockTables, stockSql, stockTables } from './stock-tables';

/**
 * The three services without their processes: what runs here are the steps and decisions of the services themselves,
 * on tables in memory. The model takes it through every order of events, the simulation through many long ones.
 */
export interface World {
  readonly order: OrderTables;
  readonly payment: PaymentTables;
  readonly stock: StockTables;
}
export type Service = keyof World;
export const services: readonly Service[] = ['order', 'payment', 'stock'];

/** How the world works. The tests of the checkers replace one rule at a time by a broken one (see mutants.ts). */
export interface Rules {
  /** Statements that do something else than they should. */
  readonly sql: { [S in Service]?: (tables: World[S]) => Sql };
  /** Who hears an event, and as what. */
  hear(event: SagaEvent): { queue: string; event: SagaEvent }[];
  readonly deadline: 'asks payment' | 'decides';
  readonly lines: 'frozen from checkout on' | 'always open';
  readonly checkout: 'locks the order' | 'reads it unlocked';
  readonly publishing: 'after the commit' | 'before the commit';
  readonly acknowledging: 'after the commit' | 'before the commit';
  /** What a checkout opens that is repeated because the answer to its COMMIT got lost. */
  readonly afterLostCommit: 'a new saga' | 'the same saga';
  readonly outbox: 'read whole' | 'read by id > last';
}

export const protocol: Rules = {
  sql: {},
  hear: (event) => queuesFor(event.type).map((queue) => ({ queue, event })),
  deadline: 'asks payment',
  lines: 'frozen from checkout on',
  checkout: 'locks the order',
  publishing: 'after the commit',
  acknowledging: 'after the commit',
  afterLostCommit: 'a new saga',
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

/** The statements of every service, as the rules have them. */
export function statementsOf({ order, payment, stock }: World, { sql }: Rules): Record<Service, Sql> {
  return {
    order: { ...orderSql(order), ...sql.order?.(order) },
    payment: { ...paymentSql(payment), ...sql.payment?.(payment) },
    stock: { ...stockSql(stock), ...sql.stock?.(stock) },
  };
}

/** What a transaction leads to once it is committed. */
export interface Effects {
  emit: SagaEvent[];
  /** Items that somebody waits for and of which something was just sold, given back, added or taken away. */
  news: readonly string[];
}

/** Each queue is named after its service and its step. */
export function consumerOf(queue: string): Service {
  return queue.slice(0, queue.indexOf('.')) as Service;
}

export async function runStep(
  tx: Transaction,
  queue: string,
  events: readonly SagaEvent[],
): Promise<Effects> {
  let news: readonly string[] = [];
  const steps: Record<string, Step> = {
    'stock.reserve': reserveStock,
    'stock.settle': settleReservation((_, itemIds) => {
      news = itemIds;
    }),
    'payment.charge': chargePayment,
    'order.settle': settleCheckout(() => {}),
  };
  const { emit, afterCommit } = await (steps[queue] as Step).run(tx, events);
  // All that it does here is to say which items have news, and that is used after the commit only.
  await afterCommit?.();
  return { emit, news };
}

export async function runCheckouts(
  tx: Transaction,
  requests: readonly CheckoutRequest[],
): Promise<{ decisions: CheckoutDecision[]; emit: SagaEvent[] }> {
  return requestCheckouts(tx, requests, 8_000);
}

/** Lets the deadlines of these sagas pass, and order do what it does about that. */
export async function runDeadlines(
  tx: Transaction,
  { order: { sagas } }: World,
  sagaIds: readonly string[],
  rules: Rules,
): Promise<SagaEvent[]> {
  for (const id of sagaIds) {
    tx.update(sagas, id, (saga) => ({ ...saga, overdue: saga.state === 'PENDING' }));
  }
  const overdue = await cancelOverdue(tx, 8_000, 256);
  if (rules.deadline === 'asks payment') {
    return overdue;
  }
  const given = overdue.map(({ traceparent, data: { saga_id, order_id } }): SagaEvent => {
    return { type: 'stock.released', traceparent, data: { saga_id, order_id, reason: 'cancelled' } };
  });
  return (await runStep(tx, 'order.settle', given)).emit;
}

/** A buyer adds units of an item, which the order has already, to it. */
export async function addItem(
  tx: Transaction,
  { order }: World,
  orderId: string,
  rules: Rules,
): Promise<void> {
  const refused = await lockOpenOrder(tx, orderId);
  if (refused && rules.lines === 'frozen from checkout on') {
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

/** @returns the items of which those who wait must be told */
export async function changeStock(tx: Transaction, itemId: string, delta: number): Promise<string[]> {
  const answer = await moveStock(tx, itemId, delta);
  return answer.status === 200 ? [itemId] : [];
}
