import { setTimeout as sleep } from 'node:timers/promises';
import { type AccountProcess, newPerson, openAccount, type Person } from '../support/account';

/** Strangers who fill the line of those who log in. Two a second have their turn. */
let account: AccountProcess;
let person: Person;
beforeEach(async () => {
  account = await openAccount({ LOGINS_PER_SECOND: '2' });
  person = await newPerson(account);
});
afterEach(() => account.close());

const wrong = { email: 'somebody@example.com', password: 'not the password' };
const addresses = (count: number) => Array.from({ length: count }, (_, n) => `198.51.${n >> 8}.${n & 255}`);

/** Sends a login from an address, and hangs up when the signal says so. */
function stranger(address: string, signal: AbortSignal): Promise<number | undefined> {
  return fetch(`${account.issuer}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify(wrong),
    signal,
  }).then(
    ({ status }) => status,
    () => undefined,
  );
}

/** Logs in as a program does it, which comes again when the service says so. @returns the last status */
async function logIn(from: string, attempts: number): Promise<number> {
  const { email, password } = person;
  const answer = await account.post('/login', { email, password }, { 'x-forwarded-for': from });
  if (answer.status !== 503 || attempts === 1) {
    return answer.status;
  }
  await sleep(1_000 * Number(answer.headers.get('retry-after')));
  return logIn(from, attempts - 1);
}

/** Strangers who come again at once, until `isOver`. @param patienceMs after which they hang up */
function keepComing(from: readonly string[], patienceMs: number, isOver: () => boolean): Promise<unknown> {
  return Promise.all(
    from.map(async (address) => {
      while (!isOver()) {
        await stranger(address, AbortSignal.timeout(patienceMs));
        await sleep(20);
      }
    }),
  );
}

test('whoever has a session gets tokens, however many strangers wait to log in', async () => {
  let isOver = false;
  const four = addresses(150).flatMap((address) => [address, address, address, address]);
  const strangers = keepComing(four, 4_000, () => isOver);
  await sleep(1_500);
  for (let n = 0; n < 10; n++) {
    expect(await account.post('/token', undefined, person.asSession)).toMatchObject({ status: 200 });
    await sleep(100);
  }
  isOver = true;
  await strangers;
});

test('strangers who hang up and come again do not keep out who knows the password', async () => {
  let isOver = false;
  const strangers = keepComing(addresses(250), 1_000, () => isOver);
  await sleep(2_500);
  const status = await logIn('203.0.113.1', 3);
  isOver = true;
  await strangers;
  expect(status).toBe(200);
});
