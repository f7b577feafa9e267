import { readFileSync } from 'node:fs';
import { type ParticipantName, participantNames, serviceOfPath, services } from '../../shared/services';
import { findFailures } from '../fault/hostile/find-failures';
import { FRAMING } from '../fault/hostile/framing';
import type { HttpInput } from '../fault/hostile/raw-socket';
import { REQUESTS } from '../fault/hostile/requests';
import { SLOW } from '../fault/hostile/slow';
import { Target } from '../fault/hostile/target';
import { type AccountProcess, logIn, makeOperator, newPerson, openAccount } from '../support/account';
import { readTables } from '../support/books';
import { type Gateway, openGateway } from '../support/gateway';
import { type Issuer, openIssuer } from '../support/issuer';

/** The hostile clients of test/fault/hostile-http.test.ts, where access is required. What is no request needs no token. */
const { 'bytes that are not the start of a request': _, ...framing } = FRAMING as Record<string, HttpInput[]>;
const INPUTS = Object.values({ ...framing, ...REQUESTS }).flat();

let issuer: Issuer;
let target: Target;
let account: AccountProcess;
let gateway: Gateway;
let stranger: string;
beforeAll(async () => {
  issuer = await openIssuer();
  account = await openAccount();
  const staff = await issuer.token('staff', { roles: ['operator', 'shopkeeper'], exp: inAnHour() });
  stranger = await issuer.token('stranger', { roles: ['nobody'], exp: inAnHour() });
  target = await Target.open(
    { ACCESS: 'required', AUTH_ISSUER: issuer.url, LOG_LEVEL: 'debug' },
    { authorization: `Bearer ${staff}` },
  );
  gateway = await openGateway(target.shop, { account });
});
afterAll(async () => {
  await gateway.close();
  await account.close();
  await target.close();
  await issuer.close();
});

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;
const atService = ({ to }: HttpInput) =>
  Number(new URL(target.shop.one(serviceOfPath(`/${to}`) as ParticipantName).url).port);
const atGateway = () => gateway.port;
const atAccount = () => Number(new URL(account.issuer).port);
/** Puts a token into each request of a text. */
const withToken = (text: string, token: string) =>
  text.replaceAll(/^(\S+ \S+ HTTP\/1\.1\r\n)/gm, `$1Authorization: Bearer ${token}\r\n`);
const signedIn = (text: string) => withToken(text, stranger);

test.each([
  ['a service refuses strangers', atService, (text: string) => text],
  ['the gateway refuses strangers', atGateway, (text: string) => text],
  ['a service refuses somebody who is signed in', atService, signedIn],
  ['the gateway refuses somebody who is signed in', atGateway, signedIn],
])(`%s, all ${INPUTS.length} times, and nothing changes or leaks`, async (_, portOf, change) => {
  const before = await target.readTables();
  const leaks: string[] = [];
  const onReceived = (text: string) => void (text.includes(stranger.slice(-20)) && leaks.push(text));
  expect(await findFailures(target, INPUTS, portOf, { change, onReceived })).toEqual([]);
  expect(leaks).toEqual([]);
  expect(await target.readTables()).toEqual(before);
  await target.assertHealthy();
});

/** Turns the requests of a text into some of account's, with the same headers, bodies and hostile ids. */
const toAccount = (text: string) =>
  text.replaceAll(/ \/stock\/add\/[^/ ]+\/\d+/g, ' /account/register').replaceAll(PATHS, ' /account/roles/');
const PATHS = new RegExp(` /(?:${participantNames.map((name) => services[name].path).join('|')})/`, 'g');

test.each([
  ['account refuses strangers', atAccount, { ...FRAMING, ...REQUESTS, ...SLOW }, async () => toAccount],
  ['the gateway refuses strangers of account', atGateway, { ...FRAMING, ...REQUESTS }, async () => toAccount],
  ['account refuses an operator', atAccount, { ...FRAMING, ...REQUESTS }, operatorsAccount],
])('%s, and nothing changes or leaks', async (_, portOf, families, changeOf) => {
  const change = await changeOf();
  const before = await readTables({ account: account.databaseUrl });
  const pages: string[] = [];
  const onReceived = (text: string) => void pages.push(text);
  const inputs = Object.values(families).flat();
  expect(await findFailures(target, inputs, portOf, { change, onReceived })).toEqual([]);
  expect(pages.filter((text) => /eyJ|set-cookie|at .*\.[jt]s:\d|prisma/i.test(text))).toEqual([]);
  expect(await readTables({ account: account.databaseUrl })).toEqual(before);
  await newPerson(account);
});

/** With the token of an operator in each request. */
async function operatorsAccount() {
  const person = await newPerson(account);
  await makeOperator(account, person.userId);
  const { token } = await logIn(account, person);
  return (text: string) => withToken(toAccount(text), token);
}

test('no token is in a log or a metric', async () => {
  const pages = await Promise.all(
    target.shop.replicas.map(async ({ internalUrl, logFile }) => [
      await (await fetch(`${internalUrl}/metrics`)).text(),
      readFileSync(logFile, 'utf8'),
    ]),
  );
  for (const text of pages.flat()) {
    expect(text.length).toBeGreaterThan(0);
    // A signature, or the beginning that all tokens have in common.
    expect(text.includes(stranger.slice(-20)) || text.includes(stranger.slice(0, 20))).toBe(false);
  }
});
