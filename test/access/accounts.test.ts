import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Client } from 'pg';
import {
  type AccountProcess,
  accountsCommand,
  logIn,
  makeOperator,
  newPerson,
  openAccount,
  type Person,
} from '../support/account';
import { query, readTables } from '../support/books';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

let account: AccountProcess;
let operator: Person;
beforeAll(async () => {
  account = await openAccount();
  const person = await newPerson(account);
  await makeOperator(account, person.userId);
  operator = await logIn(account, person);
});
afterAll(() => account.close());

const command = (...args: string[]) => accountsCommand(account, ...args);

const rows = <Row extends object>(sql: string, values: unknown[] = []) =>
  query<Row>(account.databaseUrl, sql, values);
const tables = async () => {
  const { 'account.attempts': _, ...others } = await readTables({ account: account.databaseUrl });
  return others;
};

describe('accounts and a shop', () => {
  test('a buyer registers, logs in and buys; an operator and a shopkeeper are made first', async () => {
    const shop = await ShopProcesses.open({
      env: { all: { ACCESS: 'required', AUTH_ISSUER: account.issuer } },
    });
    const person = await newPerson(account);
    await account.post(
      `/roles/${person.userId}`,
      { roles: ['shopkeeper'], reason: 'hired' },
      operator.asBearer,
    );
    const keeper = shop.client({}, (await logIn(account, person)).asBearer);
    const staff = shop.client({}, operator.asBearer);
    const buyer = await newPerson(account);
    const client = shop.client({}, buyer.asBearer);

    const item = await keeper.item(5, 10);
    expect((await client.must('/payment/create_user')).user_id).toBe(buyer.userId);
    await staff.must(`/payment/add_funds/${buyer.userId}/100`);
    const order = await client.order(buyer.userId, { [item]: 2 });
    expect((await client.post(`/orders/checkout/${order}`)).body.status).toBe('PAID');
    expect((await client.post(`/payment/add_funds/${buyer.userId}/100`)).status).toBe(403);

    await shop.balances();
    for (const one of [keeper, staff, client]) {
      await one.close();
    }
    await shop.close();
  });
});

describe('registration and login', () => {
  test('an address that is taken is answered like one that is free, and the account stays as it is', async () => {
    const person = await newPerson(account);
    const again = await account.post('/register', { email: person.email, password: 'another long password' });
    const free = await account.post('/register', {
      email: 'nobody@example.com',
      password: 'a long password',
    });
    expect([again.status, again.body]).toEqual([free.status, { email: person.email }]);
    const other = { email: person.email, password: 'another long password' };
    expect((await account.post('/login', other)).status).toBe(401);
    await logIn(account, person);
  });

  test('of many registrations of one address at the same time, one makes an account', async () => {
    const email = 'wanted@example.com';
    const attempts = [1, 2, 3, 4].map((n) => ({ email, password: `the password of number ${n}` }));
    const answers = await Promise.all(attempts.map((attempt) => account.post('/register', attempt)));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(attempts.map(() => [200, { email }]));
    const logins = await Promise.all(attempts.map((attempt) => account.post('/login', attempt)));
    expect(logins.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await rows('SELECT FROM users WHERE email = $1', [email])).toHaveLength(1);
  });

  test('addresses are the same in capitals and in small letters', async () => {
    const person = await newPerson(account);
    const email = person.email.toUpperCase();
    expect((await logIn(account, { ...person, email })).userId).toBe(person.userId);
  });

  test('a wrong password is answered like an address that nobody has', async () => {
    const { email } = await newPerson(account);
    const wrong = await account.post('/login', { email, password: 'not the password' });
    const unknown = await account.post('/login', { email: 'none@example.com', password: 'not the password' });
    const told = ({ status, body }: typeof wrong) => [status, body.reason, body.detail];
    expect(told(wrong)).toEqual([401, 'wrong_credentials', 'The e-mail address or the password is wrong.']);
    expect(told(unknown)).toEqual(told(wrong));
  });

  test('what proves who somebody is can be read nowhere: not in the database, and not in the log', async () => {
    const { email, password, session, token } = await newPerson(account);
    await account.post('/login', { email, password: `${password}!` });
    const hashes = await rows<{ password: string }>('SELECT password FROM credentials');
    expect(hashes.every((row) => row.password.startsWith('$argon2id$'))).toBe(true);
    const stored = JSON.stringify(await tables());
    const [key] = await rows<{ private_key: string }>('SELECT private_key FROM signing_keys');
    expect(key?.private_key).not.toContain('"d"');
    for (const secret of [password, session, token]) {
      expect(stored).not.toContain(secret);
      expect(account.log()).not.toContain(secret);
    }
    expect(account.log()).not.toContain(email);
  });
});

describe('sessions', () => {
  test('a session is good as a bearer token and in a cookie that scripts cannot read', async () => {
    const { cookie, session, userId, email, password } = await newPerson(account);
    const { headers } = await account.post('/login', { email, password });
    expect(headers.get('set-cookie')).toMatch(/; Path=\/account; HttpOnly; SameSite=Strict$/);
    expect((await account.get('/me', { cookie })).body.user_id).toBe(userId);
    expect((await account.get('/me', { authorization: `Bearer ${session}` })).body.user_id).toBe(userId);
    const half = session.split('.')[0] ?? '';
    expect((await account.get('/me', { authorization: `Bearer ${half}` })).status).toBe(401);
    expect((await account.get('/me', { authorization: `Bearer ${half}.AAAA` })).status).toBe(401);
  });

  test('with a cookie, only pages of ours change something', async () => {
    const { cookie } = await newPerson(account);
    const { host } = new URL(account.issuer);
    const token = async (headers: Record<string, string>) =>
      (await account.post('/token', undefined, { cookie, ...headers })).status;
    expect(await token({ 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await token({ origin: `http://${host}` })).toBe(200);
    expect(await token({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await token({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await token({ origin: 'https://evil.example' })).toBe(403);
    expect(await token({ origin: 'null' })).toBe(403);
  });

  test('logging out ends this session at once, and no other', async () => {
    const first = await newPerson(account);
    const second = await logIn(account, first);
    expect((await account.post('/logout', undefined, first.asSession)).status).toBe(200);
    expect((await account.post('/token', undefined, first.asSession)).status).toBe(401);
    expect((await account.post('/token', undefined, second.asSession)).status).toBe(200);
  });

  test('somebody sees and ends their own sessions, and nobody else does', async () => {
    const person = await newPerson(account);
    await logIn(account, person);
    const stranger = await newPerson(account);
    const { sessions } = (await account.get('/sessions', person.asSession)).body;
    expect(sessions.map(({ is_this }: { is_this: boolean }) => is_this)).toEqual([false, true]);
    const end = (whose: Person) =>
      account.request('DELETE', `/sessions/${sessions[0].session_id}`, { headers: whose.asSession });
    expect((await end(stranger)).status).toBe(404);
    expect((await end(person)).status).toBe(200);
    expect((await end(person)).status).toBe(404);
    expect((await account.get('/sessions', person.asSession)).body.sessions).toHaveLength(1);
  });

  test('the twenty-first session of somebody ends the oldest', async () => {
    const person = await newPerson(account);
    for (let more = 0; more < 20; more++) {
      await logIn(account, person);
    }
    expect((await account.get('/me', person.asSession)).status).toBe(401);
    expect(await rows('SELECT FROM sessions WHERE user_id = $1', [person.userId])).toHaveLength(20);
  });

  test('a token is no session, and a session is no token', async () => {
    const { asBearer, asSession } = await newPerson(account);
    expect((await account.get('/me', asBearer)).status).toBe(401);
    expect((await account.get('/keys', asSession)).status).toBe(401);
  });
});

describe('my account', () => {
  test('a new password ends all sessions, gives a new one, and takes the old password', async () => {
    const first = await newPerson(account);
    const second = await logIn(account, first);
    const change = (password: string) =>
      account.post('/password', { password, new_password: 'a password that is new' }, second.asSession);
    expect((await change('not the password')).body.reason).toBe('wrong_password');
    const { session } = (await change(first.password)).body;
    for (const { asSession } of [first, second]) {
      expect((await account.get('/me', asSession)).status).toBe(401);
    }
    expect((await account.get('/me', { authorization: `Bearer ${session}` })).body.user_id).toBe(
      first.userId,
    );
    expect((await account.post('/login', first)).status).toBe(401);
    await logIn(account, { ...first, password: 'a password that is new' });
  });

  test('whoever knows the old password is out, however often they log in while it is changed', async () => {
    const person = await newPerson(account);
    let isChanged = false;
    const thief = async () => {
      while (!isChanged) {
        await account.post('/login', person, { 'x-forwarded-for': '203.0.113.7' });
      }
    };
    const thieves = [thief(), thief()];
    const { body } = await account.post(
      '/password',
      { password: person.password, new_password: 'a password that is new' },
      person.asSession,
    );
    isChanged = true;
    await Promise.all(thieves);
    const mine = { authorization: `Bearer ${body.session}` };
    const { sessions } = (await account.get('/sessions', mine)).body;
    expect(sessions.map(({ is_this }: { is_this: boolean }) => is_this)).toEqual([true]);
  });

  test('a session that the old password opens while the new one is written ends with the others', async () => {
    const person = await newPerson(account);
    const client = new Client(account.databaseUrl);
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM credentials WHERE user_id = $1 FOR SHARE', [person.userId]);
    const changing = account.post(
      '/password',
      { password: person.password, new_password: 'a password that is new' },
      person.asSession,
    );
    await until(async () => (await rows(`SELECT FROM pg_locks WHERE NOT granted`)).length > 0);
    const thief = await account.post('/login', person, { 'x-forwarded-for': '203.0.113.8' });
    expect(thief.status).toBe(200);
    await client.query('COMMIT');
    await client.end();
    const mine = { authorization: `Bearer ${(await changing).body.session}` };
    const { sessions } = (await account.get('/sessions', mine)).body;
    expect(sessions.map(({ is_this }: { is_this: boolean }) => is_this)).toEqual([true]);
    expect((await account.get('/me', { authorization: `Bearer ${thief.body.session}` })).status).toBe(401);
  });

  test('a second session in the cookie, as another host of the domain can add it, is no session', async () => {
    const mine = await newPerson(account);
    const other = await newPerson(account);
    for (const cookie of [`${other.cookie}; ${mine.cookie}`, `${mine.cookie}; ${other.cookie}`]) {
      expect((await account.post('/token', undefined, { cookie })).status).toBe(401);
    }
    expect((await account.post('/token', undefined, { cookie: mine.cookie })).status).toBe(200);
  });

  test('a deleted account leaves nothing of the person', async () => {
    const { email, password, userId, asSession } = await newPerson(account);
    expect((await account.post('/delete', { password: 'not the password' }, asSession)).status).toBe(403);
    expect((await account.post('/delete', { password }, asSession)).body).toEqual({ deleted: 1 });
    expect((await account.get('/me', asSession)).status).toBe(401);
    expect((await account.post('/login', { email, password })).status).toBe(401);
    const left = JSON.stringify(await readTables({ account: account.databaseUrl }));
    expect(left).not.toContain(email);
    expect(left).not.toContain(userId);
  });
});

describe('roles and service keys', () => {
  test('a role is in the next token, and who gave it and why is written down', async () => {
    const person = await newPerson(account);
    const found = await account.post('/find', { email: person.email }, operator.asBearer);
    expect(found.body).toMatchObject({ user_id: person.userId, roles: [] });
    const reason = 'works in the shop from Monday';
    const { body } = await account.post(
      `/roles/${person.userId}`,
      { roles: ['shopkeeper'], reason },
      operator.asBearer,
    );
    expect(body.roles).toEqual(['shopkeeper']);
    const { access_token } = (await account.post('/token', undefined, person.asSession)).body;
    expect(decodeJwt(access_token)).toMatchObject({ sub: person.userId, roles: ['shopkeeper'] });
    expect(
      await rows('SELECT actor, action, reason, detail FROM operator_actions WHERE subject = $1', [
        person.userId,
      ]),
    ).toEqual([
      { actor: operator.userId, action: 'set_roles', reason, detail: { before: [], after: ['shopkeeper'] } },
    ]);
    expect(
      await rows('SELECT actor, reason FROM operator_actions WHERE subject = $1', [operator.userId]),
    ).toEqual([{ actor: 'somebody', reason: 'the first one' }]);
  });

  test('a role that is given without a word is not given, whoever can write to the table', async () => {
    const { userId } = await newPerson(account);
    const change = `UPDATE users SET roles = '{operator}' WHERE id = $1`;
    await expect(rows(change, [userId])).rejects.toThrow(/does not say who changed the roles/);
    expect(await rows('SELECT roles FROM users WHERE id = $1', [userId])).toEqual([{ roles: [] }]);
  });

  test('a program gets tokens with its key until the key is revoked', async () => {
    const request = { name: 'load-test', roles: ['operator'], reason: 'the harness' };
    const { body: key } = await account.post('/keys', request, operator.asBearer);
    const basic = { authorization: `Basic ${btoa(`load-test:${key.secret}`)}` };
    const { status, body } = await account.post('/token', undefined, basic);
    expect(status).toBe(200);
    expect(decodeJwt(body.access_token)).toMatchObject({ sub: key.user_id, roles: ['operator'] });
    expect(await rows('SELECT FROM sessions WHERE user_id = $1', [key.user_id])).toEqual([]);
    expect((await account.post('/keys', request, operator.asBearer)).body.reason).toBe('key_exists');

    const { keys } = (await account.get('/keys', operator.asBearer)).body;
    expect(keys).toEqual([expect.objectContaining({ name: 'load-test', roles: ['operator'] })]);
    expect(JSON.stringify(keys)).not.toContain(key.secret);
    await account.post('/keys/revoke', { name: 'load-test', reason: 'it is done' }, operator.asBearer);
    expect((await account.post('/token', undefined, basic)).body.reason).toBe('wrong_credentials');
    const actions = await rows('SELECT action FROM operator_actions WHERE subject = $1 ORDER BY id', [
      key.user_id,
    ]);
    expect(actions).toEqual([{ action: 'create_key' }, { action: 'revoke_key' }]);
  });

  test('an operator who is one no more cannot give themselves a role or a key with the token that they have', async () => {
    const person = await newPerson(account);
    const give = (roles: string[], as: Person) =>
      account.post(`/roles/${person.userId}`, { roles, reason: 'a test' }, as.asBearer);
    await give(['operator'], operator);
    const former = await logIn(account, person);
    expect((await give(['operator', 'shopkeeper'], former)).status).toBe(200);
    await give([], operator);
    const before = await tables();
    expect((await give(['operator'], former)).status).toBe(403);
    const key = { name: 'back-door', roles: ['operator'], reason: 'a test' };
    expect((await account.post('/keys', key, former.asBearer)).status).toBe(403);
    expect((await account.post('/keys/revoke', key, former.asBearer)).status).toBe(403);
    expect(await tables()).toEqual(before);
  });

  test('nobody registers as a program', async () => {
    const answer = await account.post('/register', {
      email: 'load-test@keys.invalid',
      password: 'a long password',
    });
    expect(answer.status).toBe(400);
  });

  test('the command says when there is no such account, and changes nothing', async () => {
    const before = await tables();
    await expect(makeOperator(account, 'nobody-at-all')).rejects.toMatchObject({ code: 1 });
    await expect(command('set-roles', operator.userId, 'admin', '--reason', 'x')).rejects.toMatchObject({
      code: 2,
    });
    expect(await tables()).toEqual(before);
  });
});

describe('who may call what', () => {
  type Document = { paths: Record<string, Record<string, { 'x-audience': string }>> };
  test('every route lets in whom it is for, and changes nothing for others', async () => {
    const { paths } = (await (await fetch(new URL('/openapi.json', account.issuer))).json()) as Document;
    const buyer = await newPerson(account);
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replace('/account', '').replaceAll(/\{\w+\}/g, buyer.userId),
        audience: operation['x-audience'],
      })),
    );
    expect(new Set(routes.map(({ audience }) => audience))).toEqual(
      new Set(['public', 'session', 'operator']),
    );
    const before = await tables();
    const anything = {
      email: buyer.email,
      password: buyer.password,
      new_password: 'another long password',
      name: 'a-name',
      roles: ['operator'],
      reason: 'because',
    };
    const refused = { session: { stranger: 401, buyer: 401 }, operator: { stranger: 401, buyer: 403 } };
    for (const { method, path, audience } of routes) {
      for (const [who, headers] of Object.entries({ stranger: {}, buyer: buyer.asBearer })) {
        const { status } = await account.request(method, path, {
          headers,
          ...(method === 'POST' && { body: audience === 'public' ? {} : anything }),
        });
        const expected = (refused as Record<string, Record<string, number>>)[audience]?.[who];
        const isRefused = status === 401 || status === 403;
        expect([path, who, isRefused ? status : undefined]).toEqual([path, who, expected]);
      }
    }
    expect(await tables()).toEqual(before);
  });
});

describe('guessing', () => {
  const wrongFrom = (address: string, email: string) =>
    account.post('/login', { email, password: 'not the password' }, { 'x-forwarded-for': address });
  const rightFrom = (address: string, { email, password }: Person) =>
    account.post('/login', { email, password }, { 'x-forwarded-for': address });

  test('whoever guesses the password of an account is stopped, and its owner elsewhere is not', async () => {
    const person = await newPerson(account);
    for (let guess = 0; guess < 5; guess++) {
      expect((await wrongFrom('203.0.113.1', person.email)).status).toBe(401);
    }
    const stopped = await rightFrom('203.0.113.1', person);
    expect([stopped.status, stopped.body.reason]).toEqual([429, 'too_many_attempts']);
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await rightFrom('203.0.113.2', person)).status).toBe(200);
  });

  test('whoever guesses at many accounts is stopped, too, and an address that is made up does not help', async () => {
    const person = await newPerson(account);
    for (let guess = 0; guess < 20; guess++) {
      expect((await wrongFrom(`198.51.100.${guess}, 203.0.113.3`, `guess-${guess}@example.com`)).status).toBe(
        401,
      );
    }
    expect((await rightFrom('203.0.113.4, 203.0.113.3', person)).status).toBe(429);
    expect((await rightFrom('203.0.113.4', person)).status).toBe(200);
  });

  test('all addresses of one IPv6 network count as one', async () => {
    for (let guess = 0; guess < 20; guess++) {
      await wrongFrom(`2001:db8:0:1::${guess}`, `guess-${guess}@example.com`);
    }
    const person = await newPerson(account);
    expect((await rightFrom('2001:db8:0:1:ffff::1', person)).status).toBe(429);
    expect((await rightFrom('2001:db8:0:2::1', person)).status).toBe(200);
  });

  test('right passwords do not count', async () => {
    const person = await newPerson(account);
    for (let login = 0; login < 25; login++) {
      expect((await rightFrom('203.0.113.5', person)).status).toBe(200);
    }
  });

  test('many right passwords at once from one address count as nothing, too', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => newPerson(account)));
    const statuses: number[] = [];
    const retry = async (person: Person) => {
      let status = 429;
      while (status === 429) {
        ({ status } = await rightFrom('203.0.113.8', person));
        statuses.push(status);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    for (let round = 0; round < 3; round++) {
      await Promise.all(people.map(retry));
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(24);
  });

  test('programs without a proof are stopped as people are', async () => {
    const basic = { authorization: `Basic ${btoa('no-such-key:secret')}`, 'x-forwarded-for': '203.0.113.6' };
    for (let guess = 0; guess < 5; guess++) {
      expect((await account.post('/token', undefined, basic)).status).toBe(401);
    }
    expect((await account.post('/token', undefined, basic)).status).toBe(429);
  });
});

describe('keys that sign tokens', () => {
  const publishedKeys = async () => (await account.get('/jwks.json')).body.keys as Record<string, string>[];
  const aSecond = () => new Promise((resolve) => setTimeout(resolve, 1_100));

  test('a new key is published before it signs, and tokens of the old one stay good', async () => {
    const shop = await ShopProcesses.open({
      env: { all: { ACCESS: 'required', AUTH_ISSUER: account.issuer } },
    });
    const kidOf = ({ token }: Person) => decodeProtectedHeader(token).kid;
    const before = await newPerson(account);
    const [old] = await publishedKeys();
    // A day before it ends, as the replicas find it.
    await rows(
      `UPDATE signing_keys SET created_at = now() - interval '29 days', expires_at = now() + interval '23 hours'`,
    );
    const second = await openAccount({ DATABASE_URL: account.databaseUrl });
    await aSecond();
    const keys = await publishedKeys();
    expect(keys).toHaveLength(2);
    expect(JSON.stringify(keys)).not.toContain('"d"');
    expect(kidOf(await newPerson(account))).toBe(old?.kid);
    // When it has ended, only the new one is left.
    await rows(`UPDATE signing_keys SET expires_at = now() - interval '1 minute' WHERE id = $1`, [old?.kid]);
    await aSecond();
    const after = await newPerson(account);
    expect(kidOf(after)).not.toBe(old?.kid);
    for (const person of [before, after]) {
      const client = shop.client({}, person.asBearer);
      expect((await client.must('/payment/create_user')).user_id).toBe(person.userId);
      await client.close();
    }
    await second.close();
    await shop.balances();
    await shop.close();
  });

  test('many who log in at once, when there is no key, make one key', async () => {
    const person = await newPerson(account);
    await rows(`UPDATE signing_keys SET expires_at = now() - interval '2 minutes'`);
    await aSecond();
    const live = `SELECT id FROM signing_keys WHERE expires_at > now()`;
    expect(await rows(live)).toEqual([]);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => account.post('/token', undefined, person.asSession)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await rows(live)).toHaveLength(1);
  });

  test('with another secret people log in again, no login fails, and the old keys end with the rollout', async () => {
    const person = await newPerson(account);
    const { kid: old } = decodeProtectedHeader(person.token);
    const other = await openAccount({
      DATABASE_URL: account.databaseUrl,
      AUTH_SECRET: 'another secret, as after a leak of the first',
    });
    expect((await other.get('/me', person.asSession)).status).toBe(401);
    const again = await logIn(other, person);
    expect(again.userId).toBe(person.userId);

    const { kid: present } = decodeProtectedHeader(again.token);
    const published = async (at: AccountProcess) =>
      (await at.get('/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid);
    expect(await published(other)).toEqual(expect.arrayContaining([old, present]));
    expect(await published(account)).toEqual(expect.arrayContaining([old, present]));
    await rows(`UPDATE signing_keys SET created_at = created_at - interval '11 minutes'`);
    await until(async () => !(await published(other)).includes(old));
    expect(await published(other)).toEqual([present]);
    // Should the old secret come back, its keys are those that sign.
    expect(await published(account)).toEqual(expect.arrayContaining([old, present]));
    await other.close();
  });
});
