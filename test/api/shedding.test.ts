import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import * as z from 'zod';
import { MAX_IN_FLIGHT } from '../../shared/http/limits';
import { type Route, route } from '../../shared/http/route';
import { type Edge, exchange, openEdge, statuses } from '../support/http-edge';
import { until } from '../support/until';

/** Requests that have begun, in order, and how many were in progress at the same time at most. */
let begun: string[] = [];
let inProgress = 0;
let most = 0;
/** While this is set, no request ends. */
let gate: Promise<void> | undefined;
let open: () => void = () => undefined;
let lines: { msg: string; count?: number }[] = [];
let edge: Edge;

function close(): void {
  gate = new Promise((resolve) => {
    open = resolve;
  });
}

function slow(method: 'GET' | 'POST', path: string): Route {
  return route({
    method,
    path,
    audience: 'public',
    summary: 'answers when the gate is open',
    params: z.object({ id: z.string() }),
    answers: { 200: z.looseObject({}) },
    async handle({ params: { id } }) {
      begun.push(id);
      inProgress++;
      most = Math.max(most, inProgress);
      await (gate ?? sleep(1));
      inProgress--;
      return { status: 200, body: { id } };
    },
  });
}

beforeAll(async () => {
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const routes = [slow('GET', '/x/find/{id}'), slow('POST', '/x/add/{id}'), slow('POST', '/x/wait/{id}')];
  edge = await openEdge(routes, { log, waits: ['/x/wait/'], connections: 3 * MAX_IN_FLIGHT });
});
beforeEach(() => {
  [begun, lines, most] = [[], [], 0];
});
afterEach(() => {
  open();
  gate = undefined;
});
afterAll(() => edge.close());

function pipelined(count: number, line = (id: number) => `GET /x/find/${id}`, ...headers: string[]): string {
  const requests = Array.from({ length: count }, (_, id) =>
    [`${line(id)} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n'),
  );
  return requests.join('');
}

/**
 * Sends everything at once and closes its half of the connection. Returns what arrives until the server closes the other
 * half.
 */
async function sendAll(text: string): Promise<string> {
  const socket = connect({ port: edge.port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.on('data', (data) => (received += data));
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.end(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

/** Returns the ids in the answers that `sendAll` returned, in order. */
function idsIn(received: string): number[] {
  return [...received.matchAll(/"id":"(\d+)"/g)].map(([, id]) => Number(id));
}

/** Like `statuses`, for answers that follow the body of another. */
function allStatuses(received: string): number[] {
  return statuses(received.replaceAll('HTTP/1.1 ', '\nHTTP/1.1 '));
}

const inOrder = (count: number) => Array.from({ length: count }, (_, id) => id);

describe('requests that are sent without waiting for the answers', () => {
  test('are handled one after the other, and answered in order, even if the client then closes its half', async () => {
    const received = await sendAll(pipelined(3000));
    expect(idsIn(received)).toEqual(inOrder(3000));
    expect(most).toBe(1);
  });

  test('may have bodies', async () => {
    const body = 'x'.repeat(10_000);
    const requests = Array.from(
      { length: 50 },
      (_, id) => `POST /x/add/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const received = await sendAll(requests.join(''));
    expect(idsIn(received)).toEqual(inOrder(50));
    expect(most).toBe(1);
  });

  test('are not handled when the client has disconnected', async () => {
    close();
    const socket = connect(edge.port, '127.0.0.1').on('error', () => undefined);
    socket.write(pipelined(100));
    await until(() => begun.length === 1);
    socket.resetAndDestroy();
    await sleep(50);
    open();
    await sleep(50);
    // The end of the connection is seen at the latest when the first answer is sent.
    expect(begun.length).toBeLessThan(5);
  });

  test('are answered, however long they wait, even if a part of the next one has arrived with them', async () => {
    close();
    const socket = connect(edge.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => (received += data));
    socket.write(`${pipelined(3)}GET /x/find/la`);
    // Longer than the head of a request may take to arrive.
    await sleep(12_000);
    open();
    gate = undefined;
    await until(() => idsIn(received).length === 3);
    expect(idsIn(received)).toEqual(inOrder(3));
    socket.destroy();
  });

  test('do not keep other clients waiting', async () => {
    const flood = sendAll(pipelined(3000));
    expect(await edge.get('/x/find/other')).toMatchObject({ status: 200 });
    expect(begun.indexOf('other')).toBeLessThan(2000);
    await flood;
  });
});

describe('more requests at once than can be answered in time', () => {
  async function fill(method: 'GET' | 'POST', path: string): Promise<Promise<{ status: number }>[]> {
    close();
    const before = begun.length;
    const filling = inOrder(MAX_IN_FLIGHT).map((id) => edge.call(method, `${path}/${id}`));
    await until(() => begun.length === before + MAX_IN_FLIGHT);
    return filling;
  }

  const refused = {
    status: 503,
    headers: { 'retry-after': '1', 'content-type': 'application/problem+json' },
    body: { status: 503, reason: 'overloaded', detail: expect.stringContaining('nothing was done') },
  };

  test.each([
    ['GET', '/x/find', 'POST', '/x/add'],
    ['POST', '/x/add', 'GET', '/x/find'],
  ] as const)(
    '%s: the others get 503 before anything is done, and are told why',
    async (method, path, otherMethod, otherPath) => {
      const filling = await fill(method, path);
      const others = await Promise.all(inOrder(500).map(() => edge.call(method, `${path}/more`)));
      for (const answer of others) {
        expect(answer).toMatchObject(refused);
      }
      expect(begun).not.toContain('more');
      const otherKind = edge.call(otherMethod, `${otherPath}/other`);
      const waiting = edge.post('/x/wait/waiting');
      const byProxy = exchange(
        edge.port,
        'POST http://x/x/wait/proxy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      await until(() => ['other', 'waiting', 'proxy'].every((id) => begun.includes(id)));
      open();
      gate = undefined;
      expect((await Promise.all(filling)).every(({ status }) => status === 200)).toBe(true);
      expect(statuses(await byProxy)).toEqual([200]);
      expect(await Promise.all([otherKind, waiting])).toMatchObject([{ status: 200 }, { status: 200 }]);
      expect(await edge.call(method, `${path}/again`)).toMatchObject({ status: 200 });
    },
  );

  test('requests that may wait for long are never refused, and refuse no others', async () => {
    close();
    const waiting = inOrder(MAX_IN_FLIGHT + 100).map((id) => edge.post(`/x/wait/${id}`));
    await until(() => begun.length === MAX_IN_FLIGHT + 100);
    const other = edge.get('/x/find/other');
    await until(() => begun.includes('other'));
    open();
    expect(new Set((await Promise.all([...waiting, other])).map(({ status }) => status))).toEqual(
      new Set([200]),
    );
  });

  test('are logged at most once a second, with their number and without a stack', async () => {
    const filling = await fill('GET', '/x/find');
    // What earlier tests caused is logged within a second.
    await sleep(2_100);
    lines = [];
    await Promise.all(inOrder(300).map(() => edge.get('/x/find/more')));
    await sleep(1_100);
    expect(lines.map(({ count }) => count)).toEqual([undefined, 299]);
    expect(JSON.stringify(lines)).not.toContain('stack');
    open();
    await Promise.all(filling);
  });

  test('who comes back without heeding Retry-After waits for the rest of it, and is served if there is room by then', async () => {
    const filling = await fill('GET', '/x/find');
    const socket = connect(edge.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => (received += data));
    const ask = () => socket.write('GET /x/find/impatient HTTP/1.1\r\nHost: x\r\n\r\n');
    ask();
    await until(() => allStatuses(received).length === 1);
    ask();
    await sleep(500);
    expect(allStatuses(received)).toEqual([503]);
    open();
    gate = undefined;
    await Promise.all(filling);
    await until(() => allStatuses(received).length === 2);
    expect(allStatuses(received)).toEqual([503, 200]);
    socket.destroy();
  });

  test('a refused request with a body closes its connection, so that the body need not be read', async () => {
    const filling = await fill('POST', '/x/add');
    const request = `POST /x/add/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`;
    const received = await exchange(edge.port, request);
    expect(statuses(received)).toEqual([503]);
    expect(received).toContain('Connection: close');
    open();
    await Promise.all(filling);
  });
});

test.each(['GET /x/find', 'POST /x/add'])('%s: bodies that never end keep nobody else out', async (line) => {
  const [method = '', path = ''] = line.split(' ');
  const head = (id: string) => `${line}/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n`;
  const sockets = inOrder(MAX_IN_FLIGHT).map((id) => {
    const socket = connect(edge.port, '127.0.0.1').on('error', () => undefined);
    socket.write(head(`unfinished-${id}`));
    return socket;
  });
  await sleep(500);
  expect(await edge.call(method, `${path}/other`)).toMatchObject({ status: 200 });
  expect(begun).toEqual(['other']);
  const [socket] = sockets;
  const answer = new Promise((resolve) => socket?.once('data', (data) => resolve(String(data))));
  socket?.write('x');
  expect(statuses(String(await answer))).toEqual([200]);
  for (const socket of sockets) {
    socket.destroy();
  }
});

test('when too many requests are in line, a connection that sends more is closed, in its turn if that is one request', async () => {
  close();
  const flood = pipelined(1) + pipelined(2_000, () => 'GET /x');
  const floods = inOrder(20).map(() => sendAll(flood));
  await until(() => begun.length === 20);
  await sleep(500);
  const polite = sendAll(pipelined(2));
  await until(() => begun.length === 21);
  open();
  gate = undefined;
  const served = [200, ...Array<number>(2_000).fill(404)];
  const answers = (await Promise.all(floods)).map(allStatuses);
  expect(answers.filter((each) => each.length === 0).length).toBeGreaterThan(10);
  for (const each of answers.filter((each) => each.length > 0)) {
    expect(each).toEqual(served);
  }
  const received = await polite;
  expect(allStatuses(received)).toEqual([200, 503]);
  expect(received).toContain('"reason":"overloaded"');
  expect((await edge.get('/x/find/after')).status).toBe(200);
});
