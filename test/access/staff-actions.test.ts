import { type ParticipantName, participantNames } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { type Issuer, openIssuer } from '../support/issuer';
import { ShopProcesses } from '../support/shop';

let issuer: Issuer;
let shop: ShopProcesses;
let staff: ApiClient;
beforeAll(async () => {
  issuer = await openIssuer();
  shop = await ShopProcesses.open({ env: { all: { ACCESS: 'required', AUTH_ISSUER: issuer.url } } });
  staff = await clientOf('anna', ['operator', 'shopkeeper']);
});
afterAll(async () => {
  await shop.balances();
  await staff.close();
  await shop.close();
  await issuer.close();
});

const clientOf = async (subject: string, roles: string[] = []) =>
  shop.client({}, { authorization: `Bearer ${await issuer.token(subject, { roles })}` });

interface Action {
  id: number;
  actor: string;
  action: string;
  reason: string | null;
  saga_ids: string[];
  detail: { request: string };
}
const actions = (service: ParticipantName) =>
  shop.rows<Action>(
    service,
    'SELECT id::int, actor, action, reason, saga_ids, detail FROM operator_actions ORDER BY id',
  );
const lastOf = async (service: ParticipantName) => (await actions(service)).at(-1);
const countAll = async () => (await Promise.all(participantNames.map(actions))).flat().length;

test('whoever gives credit or restocks is written down, with the reason that they gave', async () => {
  const user = (await staff.must('/payment/create_user')).user_id;
  await staff.post(`/payment/add_funds/${user}/50`, { reason: 'a refund for the broken lamp' });
  expect(await lastOf('payment')).toMatchObject({
    actor: 'anna',
    action: 'request',
    reason: 'a refund for the broken lamp',
    saga_ids: [],
    detail: { request: `POST /payment/add_funds/${user}/50` },
  });
  const item = await staff.item(1, 10);
  expect(await lastOf('stock')).toMatchObject({
    actor: 'anna',
    reason: null,
    detail: { request: `POST /stock/add/${item}/10` },
  });
});

test('a checkout for a buyer is written down with its saga, and a checkout of the buyer is not', async () => {
  const [user, item] = await Promise.all([staff.user(100), staff.item(1, 100)]);
  const order = await staff.order(user, { [item]: 1 });
  const { body } = await staff.post(`/orders/checkout/${order}`, { reason: 'asked for by telephone' });
  expect(await lastOf('order')).toMatchObject({
    actor: 'anna',
    reason: 'asked for by telephone',
    saga_ids: [body.saga_id],
    detail: { request: `POST /orders/checkout/${order}` },
  });
  // Nothing is opened a second time.
  const before = await countAll();
  expect((await staff.post(`/orders/checkout/${order}`)).status).toBe(200);

  const buyer = await clientOf(user);
  const own = await buyer.order(user, { [item]: 1 });
  expect((await buyer.post(`/orders/checkout/${own}`)).body.status).toBe('PAID');
  expect(await countAll()).toBe(before);
  await buyer.close();
});

test('what was refused, repeated or only read is not written down', async () => {
  const user = (await staff.must('/payment/create_user')).user_id;
  const key = { 'idempotency-key': 'once' };
  await staff.post(`/payment/add_funds/${user}/5`, key);
  const before = await countAll();
  expect((await staff.post(`/payment/add_funds/${user}/5`, key)).status).toBe(200);
  expect((await staff.post(`/payment/pay/${user}/1000`)).status).toBe(409);
  expect((await staff.post('/payment/add_funds/nobody/5')).status).toBe(404);
  expect((await staff.get(`/payment/find_user/${user}`)).body.credit).toBe(5);
  expect(await countAll()).toBe(before);
});

test.each([
  ['too long', 'x'.repeat(501)],
  ['not ASCII', 'Müller'],
])('a reason that is %s is refused, and nothing is done', async (_, reason) => {
  const user = (await staff.must('/payment/create_user')).user_id;
  const before = await countAll();
  const encoded = Buffer.from(reason, 'utf8').toString('latin1');
  const answer = await staff.post(`/payment/add_funds/${user}/5`, { reason: encoded });
  expect([answer.status, answer.body.reason]).toEqual([400, 'invalid_reason']);
  expect((await staff.get(`/payment/find_user/${user}`)).body.credit).toBe(0);
  expect(await countAll()).toBe(before);
});
