import { readFileSync } from 'node:fs';
import { serviceOfPath } from '../../shared/services';
import { findFailures } from '../fault/hostile/find-failures';
import { FRAMING } from '../fault/hostile/framing';
import type { HttpInput } from '../fault/hostile/raw-socket';
import { REQUESTS } from '../fault/hostile/requests';
import { Target } from '../fault/hostile/target';
import { type Gateway, openGateway } from '../support/gateway';
import { type Issuer, openIssuer } from '../support/issuer';

/** The hostile clients of test/fault/hostile-http.test.ts, where access is required. What is no request needs no token. */
const { 'bytes that are not the start of a request': _, ...framing } = FRAMING as Record<string, HttpInput[]>;
const INPUTS = Object.values({ ...framing, ...REQUESTS }).flat();

let issuer: Issuer;
let target: Target;
let gateway: Gateway;
let stranger: string;
beforeAll(async () => {
  issuer = await openIssuer();
  const staff = await issuer.token('staff', { roles: ['operator', 'shopkeeper'], exp: inAnHour() });
  stranger = await issuer.token('stranger', { roles: ['nobody'], exp: inAnHour() });
  target = await Target.open(
    { ACCESS: 'required', AUTH_ISSUER: issuer.url, LOG_LEVEL: 'debug' },
    { authorization: `Bearer ${staff}` },
  );
  gateway = await openGateway(target.shop);
});
afterAll(async () => {
  await gateway.close();
  await target.close();
  await issuer.close();
});

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;
const atService = ({ to }: HttpInput) =>
  Number(new URL(target.shop.of(serviceOfPath(`/${to}`))[0]?.url ?? '').port);
const atGateway = () => gateway.port;
/** Puts a token into each request of a text. */
const signedIn = (text: string) =>
  text.replaceAll(/^(\S+ \S+ HTTP\/1\.1\r\n)/gm, `$1Authorization: Bearer ${stranger}\r\n`);

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
