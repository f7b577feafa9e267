/**
 * The one-transaction-per-step bound: what a checkout would cost if its rows were written directly to the same
 * PostgreSQL, without HTTP, broker or Node.js. It has four transactions, one for each step: open the saga; reserve the
 * stock; take the credit; close the saga. Each but the last leaves an event in its outbox. The two in the middle record
 * the saga, so that a repetition would do nothing. It buys the same as an order of the shop: one unit of each of two
 * items. It leaves out what else the services write (the order's own row, the ledgers, the sale of the reserved units,
 * the outbox's deletions), which makes the bound higher.
 *
 * Saga ids ascend within a client, so that they fall into few pages of the indexes. Those of the services ascend with the
 * creation of the orders, however they are checked out (docs/decisions/0022). So this, too, makes the bound higher.
 */
const saga = `(lpad(to_hex(:run::int), 8, '0') || lpad(to_hex(:client_id::int), 8, '0') || lpad(to_hex(:n::bigint), 16, '0'))::uuid`;
const buyer = ':order::text, :buyer::text, 1';
const traceparent = `'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'`;

/** As long as the event of one checkout in the services' outbox. */
const event = JSON.stringify([
  {
    specversion: '1.0',
    id: '01900000-0000-7000-8000-000000000000',
    source: '/chandlery/order',
    type: 'order.checkout_requested',
    datacontenttype: 'application/json',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: { saga_id: '01900000-0000-7000-8000-000000000000', order_id: '50000', user_id: '50000', amount: 1 },
  },
]).replaceAll(':', '\\072');
const emit = (service: string, type: string) =>
  `INSERT INTO bound_${service}.outbox (routing_key, body) VALUES ('${type}', E'${event}');`;

/** One run of the script is one checkout. */
export const script = `
\\set buyer random(0, :size - 1)
\\set item random(0, :size / 2 - 1)
\\set other random(:size / 2, :size - 1)
\\set order random(0, :size - 1)
\\set n :n + 1
BEGIN;
INSERT INTO bound_order.sagas (id, order_id, user_id, amount, traceparent, deadline_at) VALUES (${saga}, ${buyer}, ${traceparent}, now() + interval '8 seconds');
${emit('order', 'order.checkout_requested')}
COMMIT;
BEGIN;
INSERT INTO bound_stock.reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, traceparent) VALUES (${saga}, ${buyer}, ARRAY[:item::text, :other::text], ARRAY[1::bigint, 1], 'COMMITTED', ${traceparent});
UPDATE bound_stock.items SET available = available - 1 WHERE id = :item::text;
UPDATE bound_stock.items SET available = available - 1 WHERE id = :other::text;
${emit('stock', 'stock.reserved')}
COMMIT;
BEGIN;
INSERT INTO bound_payment.charges (saga_id, order_id, user_id, amount, state) VALUES (${saga}, ${buyer}, 'CAPTURED');
UPDATE bound_payment.users SET credit = credit - 1 WHERE id = :buyer::text;
${emit('payment', 'payment.captured')}
COMMIT;
UPDATE bound_order.sagas SET state = 'PAID', settled_at = now() WHERE id = ${saga};
`;
