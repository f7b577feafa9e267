import { statement } from '../../shared/postgres/statement';
import type { CheckoutName } from '../../shared/services';
import type { Snapshots } from './snapshots';

/**
 * The sums that the invariants compare, for the report. They are strings, because the credit of a million users can
 * be more than a JSON number holds.
 */
export interface Figures {
  money: { users: string; funds_added: string; credit: string; captured: string; paid_directly: string };
  stock: {
    items: string;
    added: string;
    subtracted: string;
    available: string;
    /** Units that are reserved. */
    held: string;
    sold: string;
  };
  /** For each service, the number of sagas in each state. */
  sagas: Record<CheckoutName, Counts>;
  catalog: { products: string; votes: string; restocks: Counts };
  /** For each service, the number of unsent outbox rows. */
  outbox: Record<keyof Snapshots, number>;
}
type Counts = Record<string, number>;

const moneyFigures = statement<Figures['money']>(
  'audit_money',
  `SELECT users::text, funds_added::text, credit::text, captured::text, paid_directly::text
   FROM (SELECT count(*) AS users, coalesce(sum(credit), 0) AS credit FROM users) AS balances,
        (SELECT coalesce(sum(delta) FILTER (WHERE kind IN ('init', 'add_funds')), 0) AS funds_added,
                coalesce(-sum(delta) FILTER (WHERE kind IN ('pay', 'order_payment', 'order_refund')), 0) AS paid_directly
         FROM credit_ledger) AS ledger,
        (SELECT coalesce(sum(amount), 0) AS captured FROM charges WHERE state = 'CAPTURED') AS charged`,
);

const stockFigures = statement<Figures['stock']>(
  'audit_stock',
  `SELECT items::text, added::text, subtracted::text, available::text, held::text, sold::text
   FROM (SELECT count(*) AS items, coalesce(sum(available), 0) AS available FROM items) AS balances,
        (SELECT coalesce(sum(delta) FILTER (WHERE kind IN ('init', 'add', 'restock')), 0) AS added,
                coalesce(-sum(delta) FILTER (WHERE kind = 'subtract'), 0) AS subtracted FROM stock_ledger) AS ledger,
        (SELECT coalesce(sum(quantity) FILTER (WHERE state = 'RESERVED'), 0) AS held,
                coalesce(sum(quantity) FILTER (WHERE state = 'COMMITTED'), 0) AS sold
         FROM reservations, unnest(quantities) AS quantity) AS reserved`,
);

interface CountRow {
  state: string;
  sagas: number;
}
const countStates = (table: string) =>
  statement<CountRow>(
    `audit_count_${table}`,
    `SELECT state, count(*) AS sagas FROM ${table} GROUP BY state ORDER BY state`,
  );
const sagaStates = countStates('sagas');
const reservationStates = countStates('reservations');
const restockStates = countStates('restocks');
const chargeStates = countStates('charges');
const catalogFigures = statement<{ products: string; votes: string }>(
  'audit_catalog',
  `SELECT products::text, votes::text
   FROM (SELECT count(*) AS products FROM products) AS p, (SELECT count(*) AS votes FROM votes) AS v`,
);
const countUnsent = statement<{ unsent: number }>(
  'audit_count_unsent',
  'SELECT count(*) AS unsent FROM outbox',
);

export async function readFigures({ catalog, order, payment, stock }: Snapshots): Promise<Figures> {
  const [[money], [units], [shown], restocks, sagas, reservations, charges, ...outboxes] = await Promise.all([
    payment.run(moneyFigures),
    stock.run(stockFigures),
    catalog.run(catalogFigures),
    catalog.run(restockStates),
    order.run(sagaStates),
    stock.run(reservationStates),
    payment.run(chargeStates),
    ...[catalog, order, stock, payment].map((tx) => tx.run(countUnsent)),
  ]);
  const [catalogUnsent, orderUnsent, stockUnsent, paymentUnsent] = outboxes.map(
    (rows) => rows[0]?.unsent ?? 0,
  );
  return {
    money: money as Figures['money'],
    stock: units as Figures['stock'],
    sagas: { order: toCounts(sagas), stock: toCounts(reservations), payment: toCounts(charges) },
    catalog: { ...(shown as { products: string; votes: string }), restocks: toCounts(restocks) },
    outbox: {
      catalog: catalogUnsent ?? 0,
      order: orderUnsent ?? 0,
      stock: stockUnsent ?? 0,
      payment: paymentUnsent ?? 0,
    },
  };
}

function toCounts(rows: readonly CountRow[]): Counts {
  return Object.fromEntries(rows.map(({ state, sagas }) => [state, sagas]));
}
