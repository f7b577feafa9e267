import { statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';
import { type Finding, MAX_FINDINGS } from '../finding';

/**
 * I1. Credit is never negative and is what its ledger adds up to; every capture and every payment of an order stands
 * in the ledger with its amount, and nothing else does. From these follows that credit, captured and paid directly
 * together are the funds added; the report shows the sums.
 *
 * All of it is in one database, so it holds in every snapshot, whatever is in flight.
 */
const wrongCredits = statement<{ user_id: string; credit: string | null; noted: string | null }>(
  'audit_wrong_credits',
  `SELECT user_id, credit::text, noted::text
   FROM (SELECT id AS user_id, credit FROM users) AS balance
   FULL JOIN (SELECT user_id, sum(delta) AS noted FROM credit_ledger GROUP BY user_id) AS ledger USING (user_id)
   WHERE credit IS NULL OR credit < 0 OR credit <> coalesce(noted, 0)
   ORDER BY user_id LIMIT ${MAX_FINDINGS}`,
);

const wrongCaptures = statement<{
  saga_id: string;
  order_id: string;
  user_id: string;
  charged: string | null;
  noted: string | null;
  entries: number | null;
}>(
  'audit_wrong_captures',
  `SELECT saga_id, coalesce(charge.order_id, entry.order_id) AS order_id,
          coalesce(charge.user_id, entry.user_id) AS user_id, charge.amount::text AS charged, noted::text, entries
   FROM (SELECT saga_id, order_id, user_id, amount FROM charges WHERE state = 'CAPTURED') AS charge
   FULL JOIN (SELECT saga_id, min(order_id) AS order_id, min(user_id) AS user_id, -sum(delta) AS noted,
                     count(*) AS entries
              FROM credit_ledger WHERE kind = 'capture' GROUP BY saga_id) AS entry USING (saga_id)
   WHERE (entries, noted, entry.user_id, entry.order_id)
         IS DISTINCT FROM (1::bigint, charge.amount::numeric, charge.user_id, charge.order_id)
   ORDER BY saga_id LIMIT ${MAX_FINDINGS}`,
);

const wrongOrderPayments = statement<{ user_id: string; order_id: string; paid: string; noted: string }>(
  'audit_wrong_order_payments',
  `SELECT user_id, order_id, coalesce(paid, 0)::text AS paid, coalesce(noted, 0)::text AS noted
   FROM (SELECT user_id, order_id, CASE state WHEN 'PAID' THEN amount ELSE 0 END AS paid FROM order_payments) AS payment
   FULL JOIN (SELECT user_id, order_id, -sum(delta) AS noted FROM credit_ledger
              WHERE kind IN ('order_payment', 'order_refund') GROUP BY user_id, order_id) AS entry
     USING (user_id, order_id)
   WHERE coalesce(paid, 0) <> coalesce(noted, 0)
   ORDER BY user_id, order_id LIMIT ${MAX_FINDINGS}`,
);

export async function checkMoney(payment: Reader): Promise<Finding[]> {
  const [credits, captures, orderPayments] = await Promise.all([
    payment.run(wrongCredits),
    payment.run(wrongCaptures),
    payment.run(wrongOrderPayments),
  ]);
  return [
    ...credits.map(({ user_id, credit, noted }) => ({ user_id, detail: describeCredit(credit, noted) })),
    ...captures.map(({ saga_id, order_id, user_id, charged, noted, entries }) => ({
      ...{ saga_id, order_id, user_id },
      detail:
        charged === null
          ? `the ledger has taken ${noted} for a saga that was not charged`
          : `charged ${charged}, but the ledger has ${entries ?? 0} entries for it, of ${noted ?? 0} in all`,
    })),
    ...orderPayments.map(({ user_id, order_id, paid, noted }) => ({
      ...{ user_id, order_id },
      detail: `paid ${paid} for the order outside any checkout, but the ledger has taken ${noted}`,
    })),
  ].map((finding) => ({ invariant: 'I1', ...finding }));
}

function describeCredit(credit: string | null, noted: string | null): string {
  if (credit === null) {
    return `the ledger has entries (${noted} in all), but there is no such user`;
  }
  const sum = `the ledger adds up to ${noted ?? 0}`;
  return credit.startsWith('-')
    ? `the credit is negative: ${credit}; ${sum}`
    : `the credit is ${credit}, but ${sum}`;
}
