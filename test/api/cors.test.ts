import * as z from 'zod';
import { OPEN, openTo } from '../../shared/access/access';
import { route } from '../../shared/http/route';
import { type Edge, openEdge } from '../support/http-edge';

const PARTNER = 'https://partner.example.com';
const STRANGER = 'https://stranger.example.com';

let added = 0;
const routes = [
  route({
    method: 'POST',
    path: '/x/add/{id}',
    audience: 'public',
    summary: 'answers',
    params: z.object({ id: z.string() }),
    answers: { 200: z.object({}) },
    async handle() {
      added += 1;
      return { status: 200, body: {}, headers: { Location: '/x' } };
    },
  }),
];

let edge: Edge;
beforeAll(async () => {
  edge = await openEdge(routes, { origins: [PARTNER, 'http://localhost:5173'], access: openTo([PARTNER]) });
});
afterAll(() => edge.close());
beforeEach(() => {
  added = 0;
});

/** What a browser asks before it sends something that a form could not send. */
const question = (origin: string) => ({
  origin,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,idempotency-key',
});

test('a page of a named origin may send tokens and keys, and read the answer with its headers', async () => {
  const asked = await edge.call('OPTIONS', '/x/add/1', question(PARTNER));
  expect(asked).toMatchObject({
    status: 204,
    headers: { allow: 'POST, OPTIONS', vary: 'Origin', 'access-control-allow-origin': PARTNER },
  });
  expect(asked.headers['access-control-allow-headers']).toMatch(/Authorization.*Idempotency-Key/);
  const answer = await edge.post('/x/add/1', { origin: PARTNER, 'sec-fetch-site': 'cross-site' });
  expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': PARTNER } });
  expect(answer.headers['access-control-expose-headers']).toContain('Location');
  expect(added).toBe(1);
});

test('it may read refusals, too, and never sends cookies', async () => {
  const refused = await edge.call('GET', '/x', { origin: PARTNER });
  expect(refused).toMatchObject({ status: 404, headers: { 'access-control-allow-origin': PARTNER } });
  expect(refused.headers['access-control-allow-credentials']).toBeUndefined();
});

test.each([STRANGER, 'null', `${PARTNER}.evil.example`, 'http://partner.example.com', PARTNER.toUpperCase()])(
  'a page of %s may neither send nor read anything',
  async (origin) => {
    const asked = await edge.call('OPTIONS', '/x/add/1', question(origin));
    expect(asked.headers['access-control-allow-origin']).toBeUndefined();
    const answer = await edge.post('/x/add/1', { origin });
    expect(answer).toMatchObject({ status: 403, body: { reason: 'cross_site' } });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(added).toBe(0);
  },
);

test('a cache keeps the answers to two origins apart', async () => {
  for (const headers of [{}, { origin: STRANGER }, { origin: PARTNER }]) {
    expect((await edge.call('GET', '/x', headers)).headers.vary).toBe('Origin');
  }
});

test('without a named origin, no answer says anything about origins', async () => {
  const own = await openEdge(routes, { access: OPEN });
  for (const method of ['OPTIONS', 'GET']) {
    const { headers } = await own.call(method, '/x/add/1', question(PARTNER));
    expect(Object.keys(headers).filter((name) => /^(access-control|vary)/.test(name))).toEqual([]);
  }
  await own.close();
});
