import type { Line } from '../../shared/contract/events';
import { statement } from '../../shared/postgres/statement';

export interface OrderRow {
  order_id: string;
  user_id: string;
  amount: number;
  state: 'PENDING' | 'PAID' | 'FAILED' | 'DISPUTED';
  reason: string | null;
  traceparent: string;
  opened_at: Date;
  /** When order next asks payment to cancel. */
  deadline_at: Date;
  settled_at: Date | null;
  /** How often payment was asked about it. */
  asked: number | null;
  /** The order's current saga. It may be another one, or none when batch_init has replaced the order. */
  current_saga_id: string | null;
  order_is_gone: boolean;
}
export const readOrder = statement<OrderRow>(
  'operate_read_order',
  `SELECT s.order_id, s.user_id, s.amount, s.state, s.reason, s.traceparent, s.opened_at, s.deadline_at,
          s.settled_at, s.asked, o.saga_id AS current_saga_id, o.id IS NULL AS order_is_gone
   FROM sagas s LEFT JOIN orders o ON o.id = s.order_id WHERE s.id = $1`,
);

/** The lines of an order that is still in this saga. */
export const readLines = statement<Line>(
  'operate_read_lines',
  `SELECT item_id, quantity FROM order_lines
   WHERE order_id = (SELECT id FROM orders WHERE saga_id = $1) ORDER BY item_id`,
);

export interface StockRow {
  order_id: string;
  user_id: string;
  amount: number;
  state: 'WAITING' | 'RESERVED' | 'REJECTED' | 'COMMITTED' | 'RELEASED';
  reason: string | null;
  arrival: number;
  item_ids: string[];
  quantities: number[];
  traceparent: string;
  created_at: Date;
  updated_at: Date;
  /** When and how often stock has asked payment to decide it. */
  asked_at: Date | null;
  asked: number | null;
}
export const readReservation = statement<StockRow>(
  'operate_read_reservation',
  `SELECT order_id, user_id, amount, state, reason, arrival, item_ids, quantities, traceparent, created_at, updated_at,
          asked_at, asked
   FROM reservations WHERE saga_id = $1`,
);

export interface PaymentRow {
  order_id: string;
  user_id: string;
  amount: number;
  state: 'CAPTURED' | 'REJECTED' | 'CANCELLED';
  reason: string | null;
  lines_crc32: number | null;
  created_at: Date;
}
export const readCharge = statement<PaymentRow>(
  'operate_read_charge',
  'SELECT order_id, user_id, amount, state, reason, lines_crc32, created_at FROM charges WHERE saga_id = $1',
);

/** How many units of an item a waiting saga wants, how many there are, and how many the sagas ahead of it want. */
export interface WantedItem {
  item_id: string;
  wanted: number;
  available: number | null;
  /** Units that are reserved. */
  held: number;
  ahead: number;
}
export const readWantedItems = statement<WantedItem>(
  'operate_read_wanted_items',
  `SELECT line.item_id, line.wanted, i.available,
          (SELECT coalesce(sum(other.quantity), 0)::bigint
           FROM reservations r, unnest(r.item_ids, r.quantities) AS other (item_id, quantity)
           WHERE r.state = 'RESERVED' AND other.item_id = line.item_id) AS held,
          (SELECT coalesce(sum(other.quantity), 0)::bigint
           FROM reservations r, unnest(r.item_ids, r.quantities) AS other (item_id, quantity)
           WHERE r.state = 'WAITING' AND r.arrival < $3 AND other.item_id = line.item_id) AS ahead
   FROM unnest($1::text[], $2::bigint[]) AS line (item_id, wanted)
   LEFT JOIN items i ON i.id = line.item_id ORDER BY line.item_id`,
);

export interface LedgerRow {
  about: string;
  delta: number;
  kind: string;
  created_at: Date;
}
export const readCreditLedger = statement<LedgerRow>(
  'operate_read_credit_ledger',
  `SELECT user_id AS about, delta, kind, created_at FROM credit_ledger
   WHERE kind = 'capture' AND saga_id = $1 ORDER BY id LIMIT 100`,
);
export const readStockLedger = statement<LedgerRow>(
  'operate_read_stock_ledger',
  `SELECT item_id AS about, delta, kind, created_at FROM stock_ledger
   WHERE kind = 'sale' AND saga_id = $1 ORDER BY id LIMIT 100`,
);

export interface UnsentRow {
  id: number;
  routing_key: string;
  created_at: Date;
}
export const readUnsent = statement<UnsentRow>(
  'operate_read_unsent',
  'SELECT id, routing_key, created_at FROM outbox WHERE strpos(body, $1) > 0 ORDER BY id LIMIT 20',
);

export interface DeferredRow {
  queue: string;
  blocked_by: string;
  tries: number;
  deferred_at: Date;
}
export const readDeferred = statement<DeferredRow>(
  'operate_read_deferred',
  'SELECT queue, blocked_by, tries, deferred_at FROM deferred_events WHERE saga_id = $1 ORDER BY id LIMIT 20',
);
