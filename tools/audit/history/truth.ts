import { Agent, request } from 'undici';
import { statement } from '../../../shared/postgres/statement';
import type { CheckoutName } from '../../../shared/services';
import type { ShopDatabases } from '../../support/databases';

export interface OrderTruth {
  order_id: string;
  user_id: string;
  paid: boolean;
  saga_id: string | null;
  total_cost: number;
  items: [string, number][];
}

/** The final state, with which the answers of a history are compared. Undefined means that it does not exist. */
export interface Truth {
  order(id: string): Promise<OrderTruth | undefined>;
  credit(user: string): Promise<number | undefined>;
  stock(item: string): Promise<number | undefined>;
  /** Which of these sagas were charged. Empty when read from the public API, which does not show old sagas. */
  charged(sagas: readonly string[]): Promise<string[]>;
}

const TIMEOUT_MS = 10_000;

/**
 * Reads the state from the public API only.
 * @param originOf the base URL of each service; a gateway serves all of them
 */
export function publicApi(originOf: (service: CheckoutName) => string): Truth {
  const dispatcher = new Agent({ connections: 32, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  async function get<T>(service: CheckoutName, path: string): Promise<T | undefined> {
    const { statusCode, body } = await request(new URL(path, originOf(service)), { dispatcher });
    const text = await body.text();
    if (statusCode === 404) {
      return undefined;
    }
    if (statusCode !== 200) {
      throw new Error(`GET ${path} was answered ${statusCode}: ${text}`);
    }
    return JSON.parse(text);
  }
  return {
    order: (id) => get<OrderTruth>('order', `/orders/find/${id}`),
    credit: async (user) => (await get<{ credit: number }>('payment', `/payment/find_user/${user}`))?.credit,
    stock: async (item) => (await get<{ stock: number }>('stock', `/stock/find/${item}`))?.stock,
    charged: async () => [],
  };
}

const findOrder = statement<OrderTruth>(
  'audit_find_order',
  `SELECT o.id AS order_id, o.user_id, s.state IS NOT DISTINCT FROM 'PAID' AS paid, o.saga_id,
          coalesce(sum(l.quantity * l.price), 0)::float8 AS total_cost,
          coalesce(json_agg(json_build_array(l.item_id, l.quantity)) FILTER (WHERE l.item_id IS NOT NULL), '[]') AS items
   FROM orders o LEFT JOIN sagas s ON s.id = o.saga_id LEFT JOIN order_lines l ON l.order_id = o.id
   WHERE o.id = $1 GROUP BY o.id, s.id`,
);
const findCredit = statement<{ credit: number }>(
  'audit_find_credit',
  'SELECT credit FROM users WHERE id = $1',
);
const findStock = statement<{ available: number }>(
  'audit_find_stock',
  'SELECT available FROM items WHERE id = $1',
);
const findCharged = statement<{ saga_id: string }>(
  'audit_find_charged',
  `SELECT saga_id FROM charges WHERE saga_id = ANY($1::uuid[]) AND state = 'CAPTURED'`,
);

/** Reads the state from the databases. */
export function databaseTruth({ order, payment, stock }: ShopDatabases): Truth {
  return {
    order: async (id) => (await order.transaction((tx) => tx.run(findOrder, [id])))[0],
    credit: async (user) => (await payment.transaction((tx) => tx.run(findCredit, [user])))[0]?.credit,
    stock: async (item) => (await stock.transaction((tx) => tx.run(findStock, [item])))[0]?.available,
    charged: async (sagas) =>
      (await payment.transaction((tx) => tx.run(findCharged, [sagas]))).map((row) => row.saga_id),
  };
}
