import { DatabaseError } from 'pg';
import * as z from 'zod';
import { route } from '../../shared/http/route';
import { CommitUnknown, DatabaseUnavailable } from '../../shared/postgres/errors';
import { openPatience, type Patience } from '../../shared/postgres/patience';
import { probeDatabase } from '../../shared/postgres/probe';
import { query } from '../support/books';
import { openEdge } from '../support/http-edge';
import { createDatabase } from '../support/servers';
import { silent } from '../support/silent';
import { until } from '../support/until';

const away = new DatabaseUnavailable('the database cannot be reached');
const lostCommit = new CommitUnknown('the connection was lost in COMMIT');
const fromServer = (code: string) => Object.assign(new DatabaseError('no', 1, 'error'), { code });
const refused = (code: string) => new DatabaseUnavailable('no session', { cause: fromServer(code) });
const once = () => ({ mayHaveHappened: false });

let failure: Error | undefined;
let probes: number;
let patience: Patience;
const open = (patienceMs: number) => {
  patience = openPatience({
    async probe() {
      probes++;
      if (failure !== undefined) {
        throw failure;
      }
    },
    patienceMs,
    log: silent,
  });
};
beforeEach(() => {
  [failure, probes] = [undefined, 0];
});
afterEach(() => patience.stop());

test('all that wait for a database share a probe, and begin again when it is back', async () => {
  open(60_000);
  failure = away;
  const waiting = Array.from({ length: 100 }, () => patience.isWorthRepeating(away, once()));
  await until(() => probes === 3);
  failure = undefined;
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
  expect([probes, patience.isAway()]).toEqual([4, false]);
});

test('after a long outage nobody waits any more, until the database is back', async () => {
  open(300);
  failure = away;
  expect(await patience.isWorthRepeating(away, once())).toBe(false);
  const before = probes;
  expect(await patience.isWorthRepeating(away, once())).toBe(false);
  expect(probes).toBe(before);
  expect(() => patience.check()).toThrow('for too long');
  failure = undefined;
  await until(() => !patience.isAway());
  patience.check();
  expect(await patience.isWorthRepeating(away, once())).toBe(true);
});

test('work that a database refuses whenever it answers is not repeated for ever', async () => {
  open(600);
  const attempts = once();
  let repeated = 0;
  while (await patience.isWorthRepeating(away, attempts)) {
    repeated++;
  }
  expect(repeated).toBeGreaterThan(0);
  expect(repeated).toBeLessThan(5);
});

test.each([
  ['a COMMIT was lost', lostCommit],
  ['the disk is full', refused('53100')],
  ['there are no more connections', refused('53300')],
  ['the password is wrong', refused('28P01')],
  ['a value is not valid', fromServer('22003')],
])('nothing is repeated because %s', async (_, error) => {
  open(60_000);
  expect(await patience.isWorthRepeating(error, once())).toBe(false);
  expect([probes, patience.isAway()]).toEqual([0, false]);
});

test.each([
  ['the server is starting', refused('57P03')],
  ['the server was stopped', fromServer('57P01')],
  ['a COMMIT was lost that may happen twice', lostCommit],
])('work is repeated because %s', async (_, error) => {
  open(60_000);
  expect(await patience.isWorthRepeating(error, { mayHaveHappened: error === lostCommit })).toBe(true);
});

test('nobody waits for a client that has gone', async () => {
  open(60_000);
  failure = away;
  expect(await patience.isWorthRepeating(away, { ...once(), isGone: () => true })).toBe(false);
});

test('a service stays ready in a short outage, and not in a long one or when it is refused', async () => {
  open(300);
  await patience.ready();
  failure = refused('28P01');
  await expect(patience.ready()).rejects.toThrow('no session');
  failure = away;
  await patience.ready();
  await until(() =>
    patience.ready().then(
      () => false,
      () => true,
    ),
  );
  failure = undefined;
  await until(() => !patience.isAway());
  await patience.ready();
});

test('a probe answers for a database, and says why there is none', async () => {
  open(0);
  await probeDatabase('test probe', await createDatabase('stock'));
  await expect(probeDatabase('test probe', 'postgresql://stock@127.0.0.1:1/stock')).rejects.toThrow(
    'ECONNREFUSED',
  );
});

test('a server that has no connection left is there', async () => {
  open(0);
  const url = new URL(process.env.TEST_POSTGRES_URL ?? '');
  const role = `crowded_${process.pid}`;
  await query(url.href, `CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 0`);
  try {
    const crowded = Object.assign(new URL(url), { username: role, password: 'x' });
    await expect(query(crowded.href, 'SELECT 1')).rejects.toMatchObject({ code: '53300' });
    await probeDatabase('test probe', crowded.href);
  } finally {
    await query(url.href, `DROP ROLE ${role}`);
  }
});

test('a request whose COMMIT was lost is not told that nothing happened, whatever fails later', async () => {
  open(300);
  let runs = 0;
  const path = '/payment/add_funds/1/1';
  const edge = await openEdge(
    [
      route({
        method: 'POST',
        path,
        audience: 'public',
        summary: 'fails',
        params: z.object({}),
        idempotent: true,
        answers: {},
        async handle() {
          failure = runs++ === 0 ? undefined : away;
          throw failure ?? lostCommit;
        },
      }),
    ],
    { patience },
  );
  const answer = await edge.post(path, { 'idempotency-key': 'key' });
  expect(answer).toMatchObject({ status: 503, body: { reason: 'unavailable' } });
  expect(answer.body.detail).toContain('may have had its effect');
  expect(runs).toBe(2);
  await edge.close();
});
