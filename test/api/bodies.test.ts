import { connect } from 'node:net';
import { request } from 'undici';
import * as z from 'zod';
import { answerOnce } from '../../shared/http/idempotency';
import { route } from '../../shared/http/route';
import { type Edge, exchange, openEdge, openServiceEdge, type ServiceEdge } from '../support/http-edge';
import { until } from '../support/until';

/** A route that wants a body, beside one that wants none. */
let service: ServiceEdge;
let edge: Edge;
let got: unknown[] = [];
beforeAll(async () => {
  service = await openServiceEdge('payment');
  edge = await openEdge([
    route({
      method: 'POST',
      path: '/x/register/{id}',
      audience: 'public',
      summary: 'wants a body',
      params: z.object({ id: z.string() }),
      body: z.object({ name: z.string().min(1, 'must not be empty'), password: z.string() }),
      idempotent: true,
      answers: { 200: z.object({ count: z.int() }) },
      handle: (given) =>
        answerOnce(service.database, given, async () => {
          got.push(given.body);
          return { status: 200, body: { count: got.length } };
        }),
    }),
    route({
      method: 'POST',
      path: '/x/add/{id}',
      audience: 'public',
      summary: 'wants none',
      params: z.object({ id: z.string() }),
      answers: { 200: z.looseObject({}) },
      handle: async ({ body }) => ({ status: 200, body: { body: body ?? 'none' } }),
    }),
  ]);
});
beforeEach(() => {
  got = [];
});
afterAll(async () => {
  await edge.close();
  await service.close();
});

const GOOD = { name: 'Ada', password: 'swordfish' };
async function send(
  body: string | Buffer,
  { path = '/x/register/1', type = 'application/json', headers = {} as Record<string, string> } = {},
) {
  const answer = await request(edge.origin + path, {
    method: 'POST',
    body,
    headers: { ...(type && { 'content-type': type }), ...headers },
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

test('a route gets the JSON that it wants, without what it does not know', async () => {
  const body = JSON.stringify({ ...GOOD, name: 'Ädä €', role: 'operator', ['__proto__']: { admin: true } });
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
  ]) {
    expect((await send(body, { type })).status).toBe(200);
  }
  expect(got).toEqual(Array(3).fill({ ...GOOD, name: 'Ädä €' }));
});

test('a route that wants no body gets none, whatever is sent', async () => {
  const { status, text } = await send('x'.repeat(16_384), { path: '/x/add/1', type: 'text/plain' });
  expect([status, text]).toEqual([200, '{"body":"none"}']);
});

const json = (value: unknown) => JSON.stringify(value);
test.each<[string, string | Buffer, { type?: string; headers?: Record<string, string> }, number, RegExp]>([
  ['none', '', {}, 400, /not valid JSON/],
  ['another type', json(GOOD), { type: 'text/plain' }, 415, /must be JSON/],
  ['a form', 'name=Ada', { type: 'application/x-www-form-urlencoded' }, 415, /must be JSON/],
  ['no type', json(GOOD), { type: '' }, 415, /must be JSON/],
  ['another charset', json(GOOD), { type: 'application/json; charset=utf-16' }, 415, /must be JSON/],
  ['a compressed one', json(GOOD), { headers: { 'content-encoding': 'gzip' } }, 415, /compressed/],
  ['no JSON', '{"password": swordfish}', {}, 400, /not valid JSON/],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400, /UTF-8/],
  ['a list', '[]', {}, 400, /must be a JSON object/],
  ['null', 'null', {}, 400, /must be a JSON object/],
  ['brackets that never close', '['.repeat(16_000), {}, 400, /not valid JSON/],
  ['a deep one', `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`, {}, 400, /Field "name"/],
  ['a wrong field', json({ ...GOOD, name: '' }), {}, 400, /Field "name" must not be empty/],
  ['a missing field', json({ name: 'Ada' }), {}, 400, /Field "password"/],
  ['fields in a prototype', '{"__proto__":{"name":"Ada","password":"swordfish"}}', {}, 400, /Field "name"/],
  ['one that is too large', json({ ...GOOD, name: 'x'.repeat(16_384) }), {}, 413, /16 KiB/],
])('the body "%s" is refused, and nothing of it comes back', async (_, body, options, status, detail) => {
  const answer = await send(body, options);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text).detail).toMatch(detail);
  expect(answer.text).not.toContain('swordfish');
  expect(got).toEqual([]);
});

test('the same Idempotency-Key with another body is another request', async () => {
  const headers = { 'idempotency-key': 'k1' };
  expect(await send(json(GOOD), { headers })).toEqual({ status: 200, text: '{"count":1}' });
  expect(await send(json(GOOD), { headers })).toEqual({ status: 200, text: '{"count":1}' });
  expect((await send(json({ ...GOOD, name: 'Grace' }), { headers })).status).toBe(422);
  expect(got).toHaveLength(1);
});

test('bodies on one connection, in pieces, each reach their own request', async () => {
  const one = json({ ...GOOD, name: 'one' });
  const two = json({ ...GOOD, name: 'two' });
  const head = 'POST /x/register/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
  const half = one.length >> 1;
  const chunks = `${half.toString(16)}\r\n${one.slice(0, half)}\r\n${(one.length - half).toString(16)}\r\n${one.slice(half)}\r\n0\r\n\r\n`;
  const received = await exchange(
    edge.port,
    `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}${head}Content-Length: ${two.length}\r\nConnection: close\r\n\r\n${two}`,
  );
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  expect(got).toEqual([
    { ...GOOD, name: 'one' },
    { ...GOOD, name: 'two' },
  ]);
});

test('no more than 32 MiB of bodies that are arriving are kept, and who brings more is told to come again', async () => {
  const size = 16_384;
  const body = json({ ...GOOD, name: 'x'.repeat(size) }).slice(0, size - 1);
  let refused = '';
  const sockets = Array.from({ length: 2_060 }, () => connect(edge.port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      refused += chunk;
    });
    socket.write(
      `POST /x/register/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n${body}`,
    );
  }
  const fit = Math.floor((32 * 1_024 * 1_024) / (size - 1));
  await until(() => refused.split('"overloaded"').length - 1 >= sockets.length - fit);
  expect((await send('ignored', { path: '/x/add/1' })).status).toBe(200);
  for (const socket of sockets) {
    socket.destroy();
  }
  expect(await send(json(GOOD))).toEqual({ status: 200, text: '{"count":1}' });
});

test('OpenAPI says what the body must be', async () => {
  const { paths } = (await edge.get('/openapi.json')).body;
  const { schema } = paths['/x/register/{id}'].post.requestBody.content['application/json'];
  expect(schema.required).toEqual(['name', 'password']);
  expect(paths['/x/add/{id}'].post.requestBody).toBeUndefined();
});
