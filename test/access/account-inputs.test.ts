import { type AccountProcess, newPerson, openAccount, type Person } from '../support/account';
import { readTables } from '../support/books';

let account: AccountProcess;
let person: Person;
beforeAll(async () => {
  account = await openAccount();
  person = await newPerson(account);
});
afterAll(() => account.close());

const PASSWORD = 'a long password';
const long = (length: number) => 'x'.repeat(length);

/** What is wrong with a body, and what the answer says about it. */
const REGISTRATIONS: [string, unknown, RegExp][] = [
  ['no address', { password: PASSWORD }, /"email" must be an e-mail address/],
  ['an address without a domain', { email: 'me', password: PASSWORD }, /"email" must be an e-mail address/],
  ['an address with a line break', { email: 'a@example.com\nb@example.com', password: PASSWORD }, /"email"/],
  ['an address that is a list', { email: ['a@example.com'], password: PASSWORD }, /"email"/],
  ['an address that is an object', { email: { $ne: '' }, password: PASSWORD }, /"email"/],
  ['a long address', { email: `${long(250)}@example.com`, password: PASSWORD }, /at most 254/],
  ['no password', { email: 'a@example.com' }, /"password" must be a text/],
  ['a short password', { email: 'a@example.com', password: 'short' }, /at least 12/],
  ['a long password', { email: 'a@example.com', password: long(129) }, /at most 128/],
  ['a password that is a number', { email: 'a@example.com', password: 123_456_789_012 }, /"password"/],
  ['a name with control characters', { email: 'a@example.com', password: PASSWORD, name: 'a\0b' }, /"name"/],
  ['an empty name', { email: 'a@example.com', password: PASSWORD, name: ' ' }, /"name"/],
  ['a list', [], /JSON object/],
  ['null', null, /JSON object/],
  ['no JSON', '{', /not valid JSON/],
];

test.each(REGISTRATIONS)(
  'a registration with %s is refused, and nothing is changed',
  async (_, body, says) => {
    const before = await readTables({ account: account.databaseUrl });
    const answer = await account.post('/register', body);
    expect([answer.status, answer.body.reason]).toEqual([400, 'invalid_body']);
    expect(answer.body.detail).toMatch(says);
    expect(await readTables({ account: account.databaseUrl })).toEqual(before);
  },
);

test('nobody gives themselves a role', async () => {
  const email = 'climber@example.com';
  await account.post('/register', {
    email,
    password: PASSWORD,
    roles: ['operator'],
    emailVerified: true,
    id: '1',
  });
  const { body } = await account.post('/login', { email, password: PASSWORD });
  const me = await account.get('/me', { authorization: `Bearer ${body.session}` });
  expect(me.body.roles).toEqual([]);
  expect(me.body.user_id).not.toBe('1');
});

test.each([
  ['nothing', ''],
  ['another scheme', 'Digest x'],
  ['an empty session', 'Bearer '],
  ['a session with spaces', 'Bearer a b'],
  ['a session of another length', `Bearer ${long(4_000)}`],
  ['a session that escapes', 'Bearer %00.%00'],
  ['SQL', `Bearer ' OR 1=1 --.x`],
  ['a service key without a name', `Basic ${btoa(':secret')}`],
  ['a service key that is no base64', 'Basic %%%'],
])('%s is no session, and the answer is 401', async (_, authorization) => {
  expect((await account.get('/me', { authorization })).status).toBe(401);
  expect((await account.post('/token', undefined, { authorization })).status).toBe(401);
});

test.each(['a', 'chandlery.session_token=', 'chandlery.session_token=x.y', `x=${long(4_000)}`])(
  'the cookie %s is no session',
  async (cookie) => {
    expect((await account.get('/me', { cookie })).status).toBe(401);
  },
);

test('a session of somebody else cannot be made from one’s own', async () => {
  const [token, signature] = person.session.split('.') as [string, string];
  const other = await newPerson(account);
  const [, otherSignature] = other.session.split('.') as [string, string];
  for (const session of [
    `${token}.${otherSignature}`,
    `${token}x.${signature}`,
    `${token}.${signature}.`,
    token,
  ]) {
    const answer = await account.get('/me', { authorization: `Bearer ${session}` });
    expect([session, answer.body.user_id]).not.toEqual([session, other.userId]);
  }
});
