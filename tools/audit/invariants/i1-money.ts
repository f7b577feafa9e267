import { statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';
import { type Finding, MAX_FINDINGS } from '../finding';

/**
 * I1. Credit is never negative and is the sum of its ledger. The ledger contains every capture and every payment of an
 * order with its amount, and no others. So credit, captured and paid directly add up to the funds added; the report
 * shows these sums.
 *
 * All of it is in one database, so it holds in every snapshot, whatever is in flight.
 */
const wrongCredits = statement<{ user_id: string; credit: string | null; recorded: string | null }>(
  'audit_wrong_credits',
  `SELECT user_id, credit::text, recorded::text
   FROM (SELECT id AS user_id, credit FROM users) AS balance
   FULL JOIN (SELECT user_id, sum(delta) AS recorded FROM credit_ledger GROUP BY user_id) AS ledger USING (user_id)
   WHERE credit IS NULL OR credit < 0 OR credit <> coalesce(recorded, 0)
   ORDER BY user_id LIMIT ${MAX_FINDINGS}`,
);

const wrongCaptures = statement<{
  saga_id: string;
  order_id: string;
  user_id: string;
  charged: string | null;
  recorded: string | null;
  entries: number | null;
}>(
  'audit_wrong_captures',
  `SELECT saga_id, coalesce(charge.order_id, entry.order_id) AS order_id,
          coalesce(charge.user_id, entry.user_id) AS user_id, charge.amount::text AS charged, recorded::text, entries
   FROM (SELECT saga_id, order_id, user_id, amount FROM charges WHERE state = 'CAPTURED') AS charge
   FULL JOIN (SELECT saga_id, min(order_id) AS order_id, min(user_id) AS user_id, -sum(delta) AS recorded,
                     count(*) AS entries
              FROM credit_ledger WHERE kind = 'capture' GROUP BY saga_id) AS entry USING (saga_id)
   WHERE (entries, recorded, entry.user_id, entry.order_id)
         IS DISTINCT FROM (1::bigint, charge.amount::numeric, charge.user_id, charge.order_id)
   ORDER BY saga_id LIMIT ${MAX_FINDINGS}`,
);

const wrongOrderPayments = statement<{ user_id: string; order_id: string; paid: string; recorded: string }>(
  'audit_wrong_order_payments',
  `SELECT user_id, order_id, coalesce(paid, 0)::text AS paid, coalesce(recorded, 0)::text AS recorded
   FROM (SELECT user_id, order_id, CASE state WHEN 'PAID' THEN amount ELSE 0 END AS paid FROM order_payments) AS payment
   FULL JOIN (SELECT user_id, order_id, -sum(delta) AS recorded FROM credit_ledger
              WHERE kind IN ('order_payment', 'order_refund') GROUP BY user_id, order_id) AS entry
     USING (user_id, order_id)
   WHERE coalesce(paid, 0) <> coalesce(recorded, 0)
   ORDER BY user_id, order_id LIMIT ${MAX_FINDINGS}`,
);

export async function checkMoney(payment: Reader): Promise<Finding[]> {
  const [credits, captures, orderPayments] = await Promise.all([
    payment.run(wrongCredits),
    payment.run(wrongCaptures),
    payment.run(wrongOrderPayments),
  ]);
  return [
    ...credits.map(({ user_id, credit, recorded }) => ({
      user_id,
      detail: describeCredit(credit, recorded),
    })),
    ...captures.map(({ saga_id, order_id, user_id, charged, recorded, entries }) => ({
      ...{ saga_id, order_id, user_id },
      detail:
        charged === null
          ? `the ledger took ${recorded}, but the saga was not charged`
          : describeCapture(charged, entries ?? 0, recorded ?? '0'),
    })),
    ...orderPayments.map(({ user_id, order_id, paid, recorded }) => ({
      ...{ user_id, order_id },
      detail: `paid ${paid} for the order outside any checkout, but the ledger took ${recorded}`,
    })),
  ].map((finding) => ({ invariant: 'I1', ...finding }));
}

function describeCapture(charged: string, entries: number, recorded: string): string {
  return (
    `charged ${charged}, so the ledger must have one entry of ${charged} for this user and order; ` +
    `for the saga it has ${entries}, ${recorded} in total`
  );
}

function describeCredit(credit: string | null, recorded: string | null): string {
  if (credit === null) {
    return `the ledger adds up to ${recorded}, but the user does not exist`;
  }
  const sum = `the ledger adds up to ${recorded ?? 0}`;
  return credit.startsWith('-')
    ? `the credit is negative: ${credit}; ${sum}`
    : `the credit is ${credit}, but ${sum}`;
}
