import { Pool } from 'pg';
import * as askRestocks from '../../catalog/src/saga/ask-restocks/statements';
import * as listProducts from '../../catalog/src/saga/list-products/statements';
import * as votes from '../../catalog/src/votes/statements';
import * as request from '../../order/src/saga/1-request-checkout/statements';
import * as settle from '../../order/src/saga/5-settle-checkout/statements';
import * as overdue from '../../order/src/saga/cancel-overdue/statements';
import * as charge from '../../payment/src/saga/3-charge-payment/statements';
import * as outbox from '../../shared/outbox/statements';
import { openDatabase } from '../../shared/postgres/database';
import type { Statement } from '../../shared/postgres/statement';
import * as reserve from '../../stock/src/saga/2-reserve-stock/statements';
import * as settleStock from '../../stock/src/saga/4-settle-reservation/statements';
import * as restock from '../../stock/src/saga/restock/statements';
import { returnItems, settleReservations } from '../../stock/src/saga/statements';
import { createDatabase } from '../support/servers';
import { silent } from '../support/silent';

const services = {
  order: [request, settle, overdue, { deleteOutbox: outbox.deleteOutbox }],
  payment: [charge],
  stock: [reserve, settleStock, restock, { returnItems, settleReservations }],
  catalog: [listProducts, askRestocks, votes],
};
const statements = Object.entries(services).flatMap(([service, files]) =>
  files
    .flatMap((file) => Object.values<Statement<unknown>>({ ...file }))
    .filter(({ text }) => !text.trimStart().startsWith('INSERT') && /\b(ANY|IN) ?\(|LATERAL/.test(text))
    .map((statement) => ({ service: service as keyof typeof services, ...statement })),
);

/**
 * A plan is made once, maybe when the tables are empty, and kept. A plan that reads a whole table or compares every row
 * with every key would be noticed only when the shop has grown.
 */
test.each(statements)(
  '$name of $service finds its rows by key, although its tables were empty when they were analysed',
  async ({ service, text }) => {
    const url = await createDatabase(service);
    const owner = new Pool({ connectionString: url, max: 1 });
    await owner.query('VACUUM ANALYZE');
    await owner.end();
    const database = openDatabase({ name: 'test', url, poolSize: 1, log: silent });
    const { rows } = await database.pool.query(`EXPLAIN (GENERIC_PLAN) ${text}`);
    await database.close();
    const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
    expect(plan).not.toMatch(/Seq Scan|Bitmap|Join Filter/);
    for (const scan of plan.match(/Index (Only )?Scan .*_pkey.*\n.*/g) ?? []) {
      expect(scan).toContain('Index Cond');
    }
  },
);
