import * as z from 'zod';
import { answerOnce, storedAnswer } from '../../../shared/http/idempotency';
import { amount, id, MAX_TOTAL, total } from '../../../shared/http/inputs';
import { type Answer, problem, unavailable } from '../../../shared/http/problem';
import { type ApiRequest, type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import { lockOpenOrder } from './lock-open-order';
import { type Prices, StockUnavailable } from './prices';

/** The event that requests a checkout contains every line, so their number must be limited. */
const MAX_LINES = 500;

interface Addition {
  readonly order_id: string;
  readonly item_id: string;
  readonly quantity: number;
}

interface Lines {
  readonly count: number;
  readonly total: number;
  /** The quantity of the line with this item; null if the order has no such line. */
  readonly quantity: number | null;
  /** The price of that line. */
  readonly price: number | null;
}

const readLines = statement<Lines>(
  'http_read_lines',
  `SELECT count(*)::int AS count, coalesce(sum(quantity * price), 0)::bigint AS total,
          max(quantity) FILTER (WHERE item_id = $2) AS quantity, max(price) FILTER (WHERE item_id = $2) AS price
   FROM order_lines WHERE order_id = $1`,
);

const addToLine = statement(
  'http_add_to_line',
  `INSERT INTO order_lines (order_id, item_id, quantity, price) VALUES ($1, $2, $3, $4)
   ON CONFLICT (order_id, item_id) DO UPDATE SET quantity = order_lines.quantity + EXCLUDED.quantity`,
);

const common = {
  method: 'POST',
  audience: 'buyer',
  idempotent: true,
  locks: ({ order_id }: { order_id: string }) => order_id,
  answers: {
    200: z.object({ order_id: z.string(), total_cost: total }),
    404: 'There is no such order, or no such item.',
    409:
      'The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other ' +
      'contents (`sold_before`). It was not changed.',
  },
} as const;

export function addItem(database: Database, prices: Prices): Route {
  return route({
    ...common,
    path: '/orders/addItem/{order_id}/{item_id}/{quantity}',
    summary: 'Add units of an item to an order',
    description:
      'If the item is already in the order, its quantity grows, and its price stays that of the first addition.',
    params: z.object({ order_id: id, item_id: id, quantity: amount }),
    handle: (request) => add(database, prices, request, request.params),
  });
}

export function addOneItem(database: Database, prices: Prices): Route {
  return route({
    ...common,
    path: '/orders/addItem/{order_id}/{item_id}',
    summary: 'Add one unit of an item to an order (older edition)',
    params: z.object({ order_id: id, item_id: id }),
    handle: (request) => add(database, prices, request, { ...request.params, quantity: 1 }),
  });
}

/** Reads the price before the transaction, because a transaction must not wait for another service. */
async function add(
  database: Database,
  prices: Prices,
  request: ApiRequest<unknown>,
  addition: Addition,
): Promise<Answer> {
  const stored = await storedAnswer(database, request);
  if (stored !== undefined) {
    return stored;
  }
  try {
    const price = await prices.get(addition.item_id, request.traceparent);
    return price === undefined
      ? problem(404, { reason: 'unknown_item', detail: `There is no item ${addition.item_id}.` })
      : await answerOnce(database, request, (tx) => addLine(tx, addition, price, request.onlyOf));
  } catch (error) {
    if (error instanceof StockUnavailable) {
      return unavailable(
        'The price of the item cannot be read from stock right now. Nothing was changed. Try again in a moment.',
      );
    }
    throw error;
  }
}

async function addLine(
  tx: Tx,
  { order_id, item_id, quantity }: Addition,
  price: number,
  onlyOf: string | undefined,
): Promise<Answer> {
  // The statements are sent at once and run one after the other, so the lines are read after the order is locked.
  const [refused, [lines]] = await Promise.all([
    lockOpenOrder(tx, order_id, onlyOf),
    tx.run(readLines, [order_id, item_id]),
  ]);
  if (refused !== undefined) {
    return refused;
  }
  const linePrice = lines?.price ?? price;
  const totalCost = (lines?.total ?? 0) + quantity * linePrice;
  if (totalCost > MAX_TOTAL || (lines?.quantity ?? 0) + quantity > MAX_TOTAL) {
    return tooMuch(`The total cost or a quantity of the order would exceed the maximum of ${MAX_TOTAL}.`);
  }
  if (lines?.quantity == null && (lines?.count ?? 0) >= MAX_LINES) {
    return tooMuch(`An order can have at most ${MAX_LINES} different items. Split it into several orders.`);
  }
  await tx.run(addToLine, [order_id, item_id, quantity, linePrice]);
  return { status: 200, body: { order_id, total_cost: totalCost } };
}

function tooMuch(detail: string): Answer {
  return problem(400, { reason: 'limit_exceeded', detail });
}
