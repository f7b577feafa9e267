import { MAX_TOTAL } from '../../shared/http/inputs';
import { expectLedgersToBalance, query } from '../support/books';
import { openServiceEdge, type ServiceEdge } from '../support/http-edge';

let edge: ServiceEdge;

beforeAll(async () => {
  edge = await openServiceEdge('payment');
});

afterAll(async () => {
  await expectLedgersToBalance({ payment: edge.databaseUrl });
  await edge.close();
});

async function userWith(credit: number): Promise<string> {
  const { user_id } = (await edge.post('/payment/create_user')).body;
  if (credit > 0) {
    await edge.post(`/payment/add_funds/${user_id}/${credit}`);
  }
  return user_id;
}

async function creditOf(user: string): Promise<number> {
  return (await edge.get(`/payment/find_user/${user}`)).body.credit;
}

test('a new user has no credit and a unique id', async () => {
  const first = await edge.post('/payment/create_user');
  const second = await edge.post('/payment/create_user');
  expect(first.status).toBe(200);
  expect(first.body.user_id).not.toBe(second.body.user_id);
  const found = await edge.get(`/payment/find_user/${first.body.user_id}`);
  expect(found).toMatchObject({ status: 200, body: { user_id: first.body.user_id, credit: 0 } });
});

test('adds funds, and takes payments', async () => {
  const user = await userWith(100);
  const paid = await edge.post(`/payment/pay/${user}/30`);
  expect(paid).toMatchObject({ status: 200, body: { user_id: user, credit: 70 } });
  expect(await creditOf(user)).toBe(70);
});

test('refuses a payment beyond the credit and takes nothing', async () => {
  const user = await userWith(100);
  const refused = await edge.post(`/payment/pay/${user}/101`);
  expect(refused).toMatchObject({ status: 409, body: { reason: 'insufficient_credit' } });
  expect(await creditOf(user)).toBe(100);
});

test('refuses funds beyond 2^53 - 1 and adds nothing', async () => {
  const user = await userWith(5);
  await query(edge.databaseUrl, 'UPDATE users SET credit = $2 WHERE id = $1', [user, MAX_TOTAL - 3]);
  await query(edge.databaseUrl, `INSERT INTO credit_ledger (user_id, delta, kind) VALUES ($1, $2, 'init')`, [
    user,
    MAX_TOTAL - 8,
  ]);
  expect(await edge.post(`/payment/add_funds/${user}/4`)).toMatchObject({
    status: 400,
    body: { reason: 'limit_exceeded' },
  });
  expect(await creditOf(user)).toBe(MAX_TOTAL - 3);
  expect((await edge.post(`/payment/add_funds/${user}/3`)).status).toBe(200);
  expect(await creditOf(user)).toBe(MAX_TOTAL);
});

test('of two hundred concurrent payments, exactly as many succeed as the credit covers', async () => {
  const user = await userWith(70);
  const answers = await Promise.all(Array.from({ length: 200 }, () => edge.post(`/payment/pay/${user}/1`)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(70);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(130);
  expect(await creditOf(user)).toBe(0);
});

test.each([
  ['GET', '/payment/find_user/nobody'],
  ['POST', '/payment/add_funds/nobody/1'],
  ['POST', '/payment/pay/nobody/1'],
  ['POST', '/payment/pay/nobody/order/1'],
  ['POST', '/payment/cancel/nobody/order'],
  ['GET', '/payment/status/nobody/order'],
  ['POST', '/payment/status/nobody/order'],
])('%s %s answers 404 for a user that does not exist', async (method, path) => {
  expect(await edge.call(method, path)).toMatchObject({ status: 404, body: { reason: 'unknown_user' } });
});

describe('a payment for an order (older edition)', () => {
  test('is charged once however often it is sent, and its status is paid', async () => {
    const user = await userWith(50);
    expect((await edge.get(`/payment/status/${user}/o1`)).body).toEqual({ paid: false });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => edge.post(`/payment/pay/${user}/o1/20`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await creditOf(user)).toBe(30);
    expect((await edge.get(`/payment/status/${user}/o1`)).body).toEqual({ paid: true });
    expect((await edge.post(`/payment/status/${user}/o1`)).body).toEqual({ paid: true });
  });

  test('is refused with another amount than before', async () => {
    const user = await userWith(50);
    await edge.post(`/payment/pay/${user}/o1/20`);
    expect(await edge.post(`/payment/pay/${user}/o1/21`)).toMatchObject({
      status: 409,
      body: { reason: 'already_paid' },
    });
    expect(await creditOf(user)).toBe(30);
  });

  test('is refused and stays unpaid when it exceeds the credit', async () => {
    const user = await userWith(19);
    expect((await edge.post(`/payment/pay/${user}/o1/20`)).body.reason).toBe('insufficient_credit');
    expect((await edge.get(`/payment/status/${user}/o1`)).body).toEqual({ paid: false });
  });

  test('is refunded once however often it is cancelled, and can then be paid again', async () => {
    const user = await userWith(50);
    await edge.post(`/payment/pay/${user}/o1/20`);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => edge.post(`/payment/cancel/${user}/o1`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await creditOf(user)).toBe(50);
    expect((await edge.get(`/payment/status/${user}/o1`)).body).toEqual({ paid: false });
    await edge.post(`/payment/pay/${user}/o1/25`);
    expect(await creditOf(user)).toBe(25);
  });

  test('cannot be cancelled when there was none', async () => {
    const user = await userWith(50);
    expect(await edge.post(`/payment/cancel/${user}/o1`)).toMatchObject({
      status: 404,
      body: { reason: 'never_paid' },
    });
  });

  test('never changes what a checkout has captured', async () => {
    const user = await userWith(50);
    await query(
      edge.databaseUrl,
      `INSERT INTO charges (saga_id, order_id, user_id, amount, state)
       VALUES (gen_random_uuid(), 'o1', $1, 20, 'CAPTURED')`,
      [user],
    );
    expect((await edge.post(`/payment/cancel/${user}/o1`)).status).toBe(404);
    expect(await creditOf(user)).toBe(50);
  });
});

describe('batch_init', () => {
  test('replaces users 0 to n-1 and no others, and updates the ledger', async () => {
    const other = await userWith(7);
    expect((await edge.post('/payment/batch_init/1000/500')).status).toBe(200);
    await edge.post('/payment/pay/3/100');
    const again = await edge.post('/payment/batch_init/10/0');
    expect(again).toMatchObject({ status: 200, body: { msg: expect.stringContaining('10 users') } });
    expect(await creditOf('3')).toBe(0);
    expect(await creditOf('10')).toBe(500);
    expect((await edge.get('/payment/find_user/1000')).status).toBe(404);
    expect(await creditOf(other)).toBe(7);
    await expectLedgersToBalance({ payment: edge.databaseUrl });
  });

  test('keeps the books balanced while users pay at the same time', async () => {
    await edge.post('/payment/batch_init/50/500');
    const paying = Array.from({ length: 200 }, (_, i) => edge.post(`/payment/pay/${i % 50}/1`));
    const loading = Array.from({ length: 4 }, () => edge.post('/payment/batch_init/100/300'));
    const answers = await Promise.all([...paying, ...loading]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await expectLedgersToBalance({ payment: edge.databaseUrl });
  });

  test('creates 100,000 users in one request', async () => {
    expect((await edge.post('/payment/batch_init/100000/1000000')).status).toBe(200);
  }, 30_000);

  test('answers 404 and explains how to enable it while it is off', async () => {
    const off = await openServiceEdge('payment', { batchInit: false });
    expect(await off.post('/payment/batch_init/10/10')).toMatchObject({
      status: 404,
      body: { reason: 'batch_init_disabled', detail: expect.stringContaining('BATCH_INIT=on') },
    });
    await off.close();
  });
});
