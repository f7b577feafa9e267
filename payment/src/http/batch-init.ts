import * as z from 'zod';
import { waitLongerForLocks } from '../../../shared/http/batch-init';
import { answerOnce } from '../../../shared/http/idempotency';
import { amountOrZero, rowCount } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';

/** Only reads continue: a balance must not change between its ledger entry and its replacement. */
const lockUsers = statement('batch_lock_users', 'LOCK TABLE users IN EXCLUSIVE MODE');

const recordInLedger = statement(
  'batch_note_credit',
  `INSERT INTO credit_ledger (user_id, delta, kind)
   SELECT n::text, $2::bigint - coalesce(credit, 0), 'init'
   FROM generate_series(0, $1::int - 1) AS n LEFT JOIN users ON users.id = n::text
   WHERE $2::bigint <> coalesce(credit, 0)`,
);

const replaceUsers = statement(
  'batch_replace_users',
  `INSERT INTO users (id, credit) SELECT n::text, $2::bigint FROM generate_series(0, $1::int - 1) AS n
   ON CONFLICT (id) DO UPDATE SET credit = EXCLUDED.credit`,
);

export function batchInit(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/batch_init/{n}/{starting_money}',
    audience: 'operator',
    summary: 'Create or reset users "0" to "n-1"',
    params: z.object({ n: rowCount, starting_money: amountOrZero }),
    idempotent: true,
    answers: { 200: z.object({ msg: z.string() }), 404: 'batch_init is not enabled on this service.' },
    handle(request) {
      const { n, starting_money } = request.params;
      return answerOnce(database, request, async (tx) => {
        tx.send(waitLongerForLocks);
        await tx.run(lockUsers);
        await tx.run(recordInLedger, [n, starting_money]);
        await tx.run(replaceUsers, [n, starting_money]);
        return { status: 200, body: { msg: `Batch init for users successful: ${n} users.` } };
      });
    },
  });
}
