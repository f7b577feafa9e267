import { answeredAt, classify, type Exchange } from './history';
import { Ledger } from './ledger';

/** What a request asks for; the groups of its path are handed on. */
type Meaning = (ledger: Ledger, exchange: Exchange, parts: string[]) => void;

const meanings: [RegExp, Meaning][] = [
  [/^POST \/payment\/create_user$/, (ledger, it) => begins(ledger, 'credit', it, 'user_id')],
  [
    /^POST \/payment\/add_funds\/([^/]+)\/(\d+)$/,
    (ledger, it, [user, n]) => moves(ledger, `credit:${user}`, n, it),
  ],
  [
    /^POST \/payment\/pay\/([^/]+)\/(\d+)$/,
    (ledger, it, [user, n]) => moves(ledger, `credit:${user}`, `-${n}`, it),
  ],
  // Paying twice for an order is paying once, and cancelling gives back whatever was paid.
  [
    /^POST \/payment\/(?:pay\/([^/]+)\/[^/]+\/\d+|cancel\/([^/]+)\/[^/]+)$/,
    (ledger, _, [payer, canceller]) => ledger.untold.add(`credit:${payer ?? canceller}`),
  ],
  [
    /^POST \/payment\/batch_init\/(\d+)\/(\d+)$/,
    (ledger, it, [n, money]) => beginsAnew(ledger, 'credit', it, n, money),
  ],
  [
    /^GET \/payment\/find_user\/([^/]+)$/,
    (ledger, it, [user]) => ledger.read(`credit:${user}`, it.body?.credit, it),
  ],

  [/^POST \/stock\/item\/create\/\d+$/, (ledger, it) => begins(ledger, 'stock', it, 'item_id')],
  [/^POST \/stock\/add\/([^/]+)\/(\d+)$/, (ledger, it, [item, n]) => moves(ledger, `stock:${item}`, n, it)],
  [
    /^POST \/stock\/subtract\/([^/]+)\/(\d+)$/,
    (ledger, it, [item, n]) => moves(ledger, `stock:${item}`, `-${n}`, it),
  ],
  [
    /^POST \/stock\/batch_init\/(\d+)\/(\d+)\/\d+$/,
    (ledger, it, [n, stock]) => beginsAnew(ledger, 'stock', it, n, stock),
  ],
  [/^GET \/stock\/find\/([^/]+)$/, (ledger, it, [item]) => ledger.read(`stock:${item}`, it.body?.stock, it)],

  [/^POST \/orders\/create\/[^/]+$/, orderCreated],
  [
    /^POST \/orders\/addItem\/([^/]+)\/([^/]+)(?:\/(\d+))?$/,
    (ledger, it, [order = '', item = '', n = '1']) => ledger.changeLine(order, item, Number(n), it),
  ],
  [
    /^DELETE \/orders\/removeItem\/([^/]+)\/([^/]+)$/,
    (ledger, it, [order = '', item = '']) => {
      ledger.changeLine(order, item, -1, it);
      // An earlier checkout of the order may have held more of the item than the order has in the end.
      ledger.untold.add(`stock:${item}`);
    },
  ],
  [/^DELETE \/orders\/remove\/([^/]+)$/, (ledger, _, [order = '']) => ledger.perhapsGone.add(order)],
  [/^POST \/orders\/batch_init\/(\d+)\/\d+\/\d+\/\d+$/, ordersReplaced],
  [/^POST \/orders\/checkout\/([^/]+)$/, (ledger, it, [order = '']) => push(ledger.checkouts, order, it)],
  [/^GET \/orders\/find\/([^/]+)$/, (ledger, it, [order = '']) => push(ledger.orderReads, order, it)],
];

/** Sorts a history by what it is about. Requests of other kinds, malformed ones among them, change nothing. */
export function interpret(history: readonly Exchange[]): Ledger {
  const ledger = new Ledger();
  for (const exchange of [...history].sort((a, b) => a.at - b.at)) {
    for (const [pattern, meaning] of meanings) {
      const match = pattern.exec(exchange.request);
      if (match) {
        meaning(ledger, exchange, match.slice(1));
      }
    }
  }
  return ledger;
}

function moves(ledger: Ledger, account: string, delta: string | undefined, exchange: Exchange): void {
  ledger.change(account, Number(delta), exchange);
}

function begins(ledger: Ledger, kind: string, exchange: Exchange, name: string): void {
  const id = exchange.body?.[name];
  if (classify(exchange) === 'done' && typeof id === 'string') {
    ledger.begin(`${kind}:${id}`, exchange.at);
  }
}

function beginsAnew(
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
  ledger.beginAll(kind, Number(count), classify(exchange) === 'done' ? origin : undefined);
}

function orderCreated(ledger: Ledger, exchange: Exchange): void {
  const id = exchange.body?.order_id;
  if (classify(exchange) === 'done' && typeof id === 'string') {
    ledger.created.set(id, exchange.at);
  }
}

/** Whatever was asked of the orders that were replaced says nothing about the orders that are there now. */
function ordersReplaced(ledger: Ledger, exchange: Exchange, [count]: string[]): void {
  if (classify(exchange) === 'refused') {
    return;
  }
  if (ledger.checkouts.size > 0) {
    ledger.forgotten = true;
  }
  for (let n = 0; n < Number(count); n++) {
    ledger.perhapsGone.add(`${n}`);
    ledger.checkouts.delete(`${n}`);
    ledger.orderReads.delete(`${n}`);
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
