import { answeredAt, classify, type Exchange } from './history';
import { keeperOf, Ledger } from './ledger';
import type { Losses } from './loss';

/** Records what a request does. `parts` are the groups of its path. */
type Recorder = (ledger: Ledger, exchange: Exchange, parts: string[]) => void;

const recorders: [RegExp, Recorder][] = [
  [
    /^POST \/payment\/create_user$/,
    (ledger, exchange) => recordCreation(ledger, 'credit', exchange, 'user_id'),
  ],
  [
    /^POST \/payment\/add_funds\/([^/]+)\/(\d+)$/,
    (ledger, exchange, [user, n]) => recordChange(ledger, `credit:${user}`, n, exchange),
  ],
  [
    /^POST \/payment\/pay\/([^/]+)\/(\d+)$/,
    (ledger, exchange, [user, n]) => recordChange(ledger, `credit:${user}`, `-${n}`, exchange),
  ],
  // Paying twice for an order charges it once, and cancelling refunds whatever was paid.
  [
    /^POST \/payment\/(?:pay\/([^/]+)\/[^/]+\/\d+|cancel\/([^/]+)\/[^/]+)$/,
    (ledger, _, [payer, canceller]) => ledger.unclear.add(`credit:${payer ?? canceller}`),
  ],
  [
    /^POST \/payment\/batch_init\/(\d+)\/(\d+)$/,
    (ledger, exchange, [n, money]) => recordReset(ledger, 'credit', exchange, n, money),
  ],
  [
    /^GET \/payment\/find_user\/([^/]+)$/,
    (ledger, exchange, [user]) => ledger.read(`credit:${user}`, exchange.body?.credit, exchange),
  ],

  [
    /^POST \/stock\/item\/create\/\d+$/,
    (ledger, exchange) => recordCreation(ledger, 'stock', exchange, 'item_id'),
  ],
  [
    /^POST \/stock\/add\/([^/]+)\/(\d+)$/,
    (ledger, exchange, [item, n]) => recordChange(ledger, `stock:${item}`, n, exchange),
  ],
  [
    /^POST \/stock\/subtract\/([^/]+)\/(\d+)$/,
    (ledger, exchange, [item, n]) => recordChange(ledger, `stock:${item}`, `-${n}`, exchange),
  ],
  [
    /^POST \/stock\/batch_init\/(\d+)\/(\d+)\/\d+$/,
    (ledger, exchange, [n, stock]) => recordReset(ledger, 'stock', exchange, n, stock),
  ],
  [
    /^GET \/stock\/find\/([^/]+)$/,
    (ledger, exchange, [item]) => ledger.read(`stock:${item}`, exchange.body?.stock, exchange),
  ],

  [/^POST \/orders\/create\/([^/]+)$/, recordOrder],
  [
    /^POST \/orders\/addItem\/([^/]+)\/([^/]+)(?:\/(\d+))?$/,
    (ledger, exchange, [order = '', item = '', n = '1']) =>
      ledger.changeLine(order, item, Number(n), exchange),
  ],
  [
    /^DELETE \/orders\/removeItem\/([^/]+)\/([^/]+)$/,
    (ledger, exchange, [order = '', item = '']) => {
      ledger.changeLine(order, item, -1, exchange);
      // An earlier checkout of the order may have reserved more of the item than the order has in the end.
      ledger.unclear.add(`stock:${item}`);
    },
  ],
  [/^DELETE \/orders\/remove\/([^/]+)$/, (ledger, _, [order = '']) => ledger.maybeRemoved.add(order)],
  [/^POST \/orders\/batch_init\/(\d+)\/\d+\/\d+\/\d+$/, recordReplacedOrders],
  [
    /^POST \/orders\/checkout\/([^/]+)$/,
    (ledger, exchange, [order = '']) => push(ledger.checkouts, order, exchange),
  ],
  [
    /^GET \/orders\/find\/([^/]+)$/,
    (ledger, exchange, [order = '']) => push(ledger.orderReads, order, exchange),
  ],
];

/** Sorts a history by account and order. Requests of other kinds, including malformed ones, change nothing. */
export function interpret(history: readonly Exchange[], losses?: Losses): Ledger {
  const ledger = new Ledger(losses);
  for (const exchange of [...history].sort((a, b) => a.at - b.at)) {
    for (const [pattern, record] of recorders) {
      const match = pattern.exec(exchange.request);
      if (match) {
        record(ledger, exchange, match.slice(1));
      }
    }
  }
  return ledger;
}

function recordChange(ledger: Ledger, account: string, delta: string | undefined, exchange: Exchange): void {
  ledger.change(account, Number(delta), exchange);
}

function recordCreation(ledger: Ledger, kind: string, exchange: Exchange, name: string): void {
  const id = exchange.body?.[name];
  if (classify(exchange) === 'done' && typeof id === 'string') {
    ledger.create(`${kind}:${id}`, exchange);
  }
}

function recordReset(
  ledger: Ledger,
  kind: string,
  exchange: Exchange,
  count?: string,
  balance?: string,
): void {
  if (classify(exchange) === 'refused') {
    return;
  }
  const origin = { at: answeredAt(exchange), balance: Number(balance) };
  const isKnown = classify(exchange) === 'done' && !ledger.losses.includes(keeperOf(kind), exchange);
  ledger.reset(kind, Number(count), isKnown ? origin : undefined);
}

function recordOrder(ledger: Ledger, exchange: Exchange, [user = '']: string[]): void {
  const id = exchange.body?.order_id;
  if (classify(exchange) === 'done' && typeof id === 'string') {
    ledger.created.set(id, exchange.at);
    ledger.owners.set(id, user);
    if (ledger.losses.includes('order', exchange)) {
      ledger.forgotten.add(id);
      ledger.maybeRemoved.add(id);
    }
  }
}

/** Requests for the orders that were replaced say nothing about the orders that have their ids now. */
function recordReplacedOrders(ledger: Ledger, exchange: Exchange, [count]: string[]): void {
  if (classify(exchange) === 'refused') {
    return;
  }
  if (ledger.checkouts.size > 0) {
    ledger.hasLostCheckouts = true;
  }
  for (let n = 0; n < Number(count); n++) {
    ledger.maybeRemoved.add(`${n}`);
    ledger.checkouts.delete(`${n}`);
    ledger.orderReads.delete(`${n}`);
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
