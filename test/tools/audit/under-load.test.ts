import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditHistory } from '../../../tools/audit/history/audit-history';
import type { Exchange } from '../../../tools/audit/history/history';
import { databaseTruth, publicApi } from '../../../tools/audit/history/truth';
import { openDatabases } from '../../../tools/support/databases';
import type { ApiAnswer, ApiClient } from '../../support/api-client';
import { auditOf } from '../../support/audit';
import { askAgain, checkOutAll, fill, placeOrders } from '../../support/load';
import { ShopProcesses } from '../../support/shop';
import { silent } from '../../support/silent';

let shop: ShopProcesses;
let api: ApiClient;
beforeAll(async () => {
  shop = await ShopProcesses.open({ replicas: { order: 2 } });
  api = shop.client();
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

/** Makes a client record its requests and their answers. */
function record(client: ApiClient): Exchange[] {
  const history: Exchange[] = [];
  const request = client.request.bind(client);
  client.request = async (method, path, headers): Promise<ApiAnswer> => {
    const exchange: Exchange = { at: performance.now(), request: `${method} ${path}` };
    history.push(exchange);
    const answer = await request(method, path, headers);
    Object.assign(exchange, { answered_at: performance.now(), status: answer.status, body: answer.body });
    return answer;
  };
  return history;
}

test('a shop at work has no findings: not under load, not afterwards, and not in its answers', async () => {
  const history = record(api);
  const market = await fill(api);
  const orders = await placeOrders(market, 600);
  let selling = true;
  const readBalances = async () => {
    while (selling) {
      await Promise.all([
        ...market.users.map((user) => api.credit(user)),
        ...market.items.map((item) => api.stock(item)),
      ]);
    }
  };
  const reading = readBalances();
  const sold = checkOutAll(api, orders).finally(() => {
    selling = false;
  });
  let audits = 0;
  for (; selling; audits++) {
    expect((await auditOf({ ...shop.databases, amqp: shop.amqp }, 10_000)).findings).toEqual([]);
  }
  expect(audits).toBeGreaterThan(0);
  await reading;
  await askAgain(api, await sold);
  await shop.balances();

  const databases = openDatabases('test', shop.databases, silent);
  const publicState = publicApi((service) => shop.one(service).url);
  for (const truth of [databaseTruth(databases), publicState]) {
    const { findings, checked } = await auditHistory(history, truth);
    expect(findings).toEqual([]);
    expect(checked).toMatchObject({ requests: history.length, orders: 600 });
    expect(checked.reads).toBeGreaterThan(20);
    expect(checked.balances).toBeGreaterThan(600);
  }

  // One credit less, as if an acknowledged write had been lost. Both ways of reading the state notice it.
  const [, user] = market.users;
  await shop.rows('payment', 'UPDATE users SET credit = credit - 1 WHERE id = $1', [user]);
  for (const truth of [databaseTruth(databases), publicState]) {
    const { findings } = await auditHistory(history, truth);
    expect(findings).toMatchObject([{ invariant: 'I10', user_id: user }]);
  }
  await databases.close();
});
