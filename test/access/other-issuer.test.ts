import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { ShopProcesses } from '../support/shop';

/** A shop whose tokens come from an implementation of OpenID Connect that knows nothing of it. */

const AUDIENCE = 'https://shop.example/api';
const CLIENTS = { anna: ['operator', 'shopkeeper'], bert: [], carl: [] };

let provider: ChildProcess;
let issuer: string;
let shop: ShopProcesses;
beforeAll(async () => {
  provider = spawn(process.execPath, ['test/support/oidc-provider.mjs', AUDIENCE, JSON.stringify(CLIENTS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  [issuer] = (await once(createInterface({ input: provider.stdout as NodeJS.ReadableStream }), 'line')) as [
    string,
  ];
  shop = await ShopProcesses.open({
    env: { all: { ACCESS: 'required', AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE } },
  });
});
afterAll(async () => {
  await shop.balances();
  await shop.close();
  const ended = once(provider, 'exit');
  provider.kill('SIGTERM');
  await ended;
});

async function tokenOf(client: keyof typeof CLIENTS): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:secret`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const clientOf = async (name: keyof typeof CLIENTS) =>
  shop.client({}, { authorization: `Bearer ${await tokenOf(name)}` });

test('people with tokens of another issuer buy, and have the roles that it says', async () => {
  const [anna, bert, carl] = await Promise.all([clientOf('anna'), clientOf('bert'), clientOf('carl')]);
  const item = await anna.item(5, 10);
  expect((await bert.must('/payment/create_user')).user_id).toBe('bert');
  await anna.must('/payment/add_funds/bert/100');
  const order = await bert.order('bert', { [item]: 2 });
  expect((await carl.get(`/orders/find/${order}`)).status).toBe(404);
  expect((await carl.post(`/orders/checkout/${order}`)).status).toBe(404);
  expect((await bert.post(`/orders/checkout/${order}`)).body.status).toBe('PAID');
  expect((await bert.post('/payment/add_funds/bert/100')).status).toBe(403);
  for (const client of [anna, bert, carl]) {
    await client.close();
  }
});
