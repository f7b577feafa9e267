import type { Line } from '../../../shared/contract/events';
import type { Finding } from '../finding';

interface Purchase {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  /** It changed so recently that the other services may not know. */
  young: boolean;
}
export interface OrderView extends Purchase {
  state: 'PENDING' | 'PAID' | 'FAILED' | 'DISPUTED';
  /** Null when the order is in another saga or in none by now, so its lines are not this saga's. */
  lines: Line[] | null;
}
export interface ReservationView extends Purchase {
  state: 'WAITING' | 'RESERVED' | 'REJECTED' | 'COMMITTED' | 'RELEASED';
  /** Empty when the saga was cancelled before its request arrived. */
  lines: Line[];
}
export interface ChargeView extends Purchase {
  state: 'CAPTURED' | 'REJECTED' | 'CANCELLED';
}

/** One saga as the three services know it; absent where a service has no row. */
export interface SagaView {
  saga_id: string;
  order?: OrderView;
  stock?: ReservationView;
  payment?: ChargeView;
}

type Stock = ReservationView['state'] | 'none';
type Payment = ChargeView['state'] | 'none';

/**
 * Which states may be seen together at any moment, given that order is read first and payment last. A state that is not
 * final allows any state in the others; a final state restricts them.
 */
const stockBesideOrder: Record<OrderView['state'], readonly Stock[] | 'any'> = {
  PENDING: 'any',
  PAID: ['RESERVED', 'COMMITTED'],
  FAILED: ['REJECTED', 'RELEASED'],
  DISPUTED: ['RESERVED', 'COMMITTED'],
};
const paymentBesideOrder: Record<OrderView['state'], readonly Payment[] | 'any'> = {
  PENDING: 'any',
  PAID: ['CAPTURED'],
  FAILED: ['none', 'REJECTED', 'CANCELLED'],
  DISPUTED: ['CAPTURED'],
};
const paymentBesideStock: Record<Stock, readonly Payment[] | 'any'> = {
  none: ['none', 'CANCELLED'],
  WAITING: ['none', 'CANCELLED'],
  RESERVED: 'any',
  REJECTED: ['none', 'CANCELLED'],
  COMMITTED: ['CAPTURED'],
  RELEASED: ['REJECTED', 'CANCELLED'],
};

/**
 * Judges one saga, I3 and I5.
 * @param settled nothing is in flight, so charged, sold and paid must agree exactly, not merely be free of
 * contradiction
 */
export function judgeSaga(saga: SagaView, settled: boolean): Finding[] {
  const { saga_id, order, stock, payment } = saga;
  const known = order ?? stock ?? payment;
  if (known === undefined) {
    return [];
  }
  const ids = { saga_id, order_id: known.order_id, user_id: known.user_id };
  const findings: Finding[] = [];
  if (!statesAgree(saga, settled)) {
    findings.push({ invariant: 'I3', ...ids, detail: describeContradiction(saga, known.amount) });
  }
  const purchases = Object.entries({ order, stock, payment }).flatMap(([service, purchase]) =>
    purchase
      ? `${service} has order ${purchase.order_id}, user ${purchase.user_id}, amount ${purchase.amount}`
      : [],
  );
  if (new Set(purchases.map((text) => text.slice(text.indexOf(' ')))).size > 1) {
    findings.push({ invariant: 'I5', ...ids, detail: `the services differ: ${purchases.join('; ')}` });
  }
  if (order?.state === 'DISPUTED') {
    return [...findings, { invariant: 'I5', ...ids, detail: describeDispute(order, stock) }];
  }
  const [ordered, reserved] = [linesAsText(order?.lines ?? []), linesAsText(stock?.lines ?? [])];
  if (order?.lines && stock && stock.lines.length > 0 && ordered !== reserved) {
    const detail = `ordered ${ordered || 'nothing'}, but reserved ${reserved}`;
    findings.push({ invariant: 'I5', ...ids, detail });
  }
  return findings;
}

/** A disputed order is a finding until an operator has made it say what was sold. */
function describeDispute({ amount, lines }: OrderView, stock: ReservationView | undefined): string {
  const sold = linesAsText(stock?.lines ?? []) || 'units that stock does not know';
  const wanted = linesAsText(lines ?? []) || 'nothing';
  return (
    `disputed: the user was charged ${amount} for ${sold}, which order had lost, and then asked for ${wanted}; ` +
    'nothing more was charged'
  );
}

/** Says who was charged and what was sold, and which service has lost it if the other two agree on a sale. */
function describeContradiction({ order, stock, payment }: SagaView, amount: number): string {
  const states = {
    order: order?.state ?? 'none',
    stock: stock?.state ?? 'none',
    payment: payment?.state ?? 'none',
  };
  const sold = { order: 'PAID', stock: 'COMMITTED', payment: 'CAPTURED' };
  const services = Object.keys(sold) as (keyof typeof sold)[];
  const [loser, another] = services.filter((service) => states[service] !== sold[service]);
  const lines = linesAsText(stock?.lines ?? order?.lines ?? []) || 'units that no service knows any more';
  const lost = {
    order: `the user was charged ${amount} for ${lines}, which stock has sold`,
    stock: `the user was charged ${amount} and told so, but ${lines} can be sold again`,
    payment: `${lines} were sold and the user was told so, but the charge of ${amount} is gone`,
  };
  return [
    `the services contradict each other: ${services.map((service) => `${service} ${states[service]}`).join(', ')}`,
    ...(loser && !another
      ? [`${loser} has lost ${states[loser] === 'none' ? 'the saga' : 'how it ended'}`, lost[loser]]
      : [payment?.state === 'CAPTURED' ? `the user was charged ${amount}` : 'nobody is charged for it']),
    ...(states.stock === 'COMMITTED' && loser && another ? [`stock has sold ${lines}`] : []),
  ].join('; ');
}

function statesAgree({ order, stock, payment }: SagaView, settled: boolean): boolean {
  const stockState = stock?.state ?? 'none';
  const paymentState = payment?.state ?? 'none';
  const isSale = order?.state === 'PAID' || order?.state === 'DISPUTED';
  const sold = [isSale, stockState === 'COMMITTED', paymentState === 'CAPTURED'];
  if (settled && sold.includes(true) && sold.includes(false)) {
    return false;
  }
  // A saga that order never opened is forged. It is harmless as long as nothing is sold or charged for it.
  if (order === undefined) {
    return !sold.includes(true) || stock?.young === true || payment?.young === true;
  }
  if (!allows(stockBesideOrder[order.state], stockState)) {
    return false;
  }
  if (!allows(paymentBesideOrder[order.state], paymentState)) {
    return false;
  }
  // Payment is read after stock, so it may have heard of a decision that stock had not made when stock was read.
  const stockWasBehind = !settled && payment?.young === true && ['none', 'WAITING'].includes(stockState);
  return stockWasBehind || allows(paymentBesideStock[stockState], paymentState);
}

function allows<State>(allowed: readonly State[] | 'any', state: State): boolean {
  return allowed === 'any' || allowed.includes(state);
}

/** Returns the lines as text, sorted, so that two lists can be compared and shown. */
function linesAsText(lines: readonly Line[]): string {
  return lines
    .map(({ item_id, quantity }) => `${quantity} of ${item_id}`)
    .sort()
    .join(', ');
}
