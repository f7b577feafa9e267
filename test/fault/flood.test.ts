import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { MAX_IN_FLIGHT } from '../../shared/http/limits';
import { type Gateway, openGateway } from '../support/gateway';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

/** Clients that send far more than the shop can answer. */
let shop: ShopProcesses;
let gateway: Gateway;
let item: string;
/** Reads an order. */
let path: string;

beforeAll(async () => {
  shop = await ShopProcesses.open();
  gateway = await openGateway(shop);
  const api = shop.client();
  item = await api.item(1, 100);
  path = `/orders/find/${await api.order(await api.user(100), { [item]: 1 })}`;
  await api.close();
});
afterAll(async () => {
  await shop.balances();
  await gateway.close();
  await shop.close();
});

const orderService = () => shop.one('order');
const times = (count: number) => Array.from({ length: count }, (_, i) => i);

/** How much memory a pod of a service may use, in MiB. */
const MEMORY_LIMIT = 512;

function residentMebibytes(pid: number | undefined): number {
  const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(peak) / 1024;
}

/** Sends requests without waiting for the answers, and never reads more than it gets until `stop` is called. */
function pipeline(port: number, count: number): { stop(): string } {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`.repeat(count));
  return {
    stop() {
      socket.destroy();
      return received;
    },
  };
}

/** Returns the answers that another client gets meanwhile, one after the other. */
async function otherClient(origin: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const _ of times(30)) {
    statuses.push((await fetch(origin + path)).status);
    await sleep(10);
  }
  return statuses;
}

test.each([
  ['a service', () => orderService().url, () => orderService().process.pid],
  ['the gateway', () => gateway.url, () => gateway.process.pid],
])(
  '%s serves other clients, and its memory is bounded, while 20 connections pipeline 5,000 requests each',
  async (_, origin, pid) => {
    const floods = times(20).map(() => pipeline(Number(new URL(origin()).port), 5_000));
    await sleep(100);
    expect(new Set(await otherClient(origin()))).toEqual(new Set([200]));
    expect((await fetch(`${orderService().internalUrl}/metrics`)).status).toBe(200);
    const answers = floods.map((flood) => flood.stop()).join('\n');
    const statuses = new Set([...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status));
    expect([...statuses].filter((status) => status !== '200' && status !== '503')).toEqual([]);
    expect(answers).not.toContain('unavailable');
    expect(residentMebibytes(pid())).toBeLessThan(MEMORY_LIMIT);
  },
);

test.each([
  ['a service', () => orderService().url],
  ['the gateway', () => gateway.url],
])(
  '%s tells the cause to those of 3,000 clients at once whom it cannot answer in time, and recovers',
  async (_, origin) => {
    const agent = new Agent({ connections: 3_000 });
    const answers = await Promise.all(
      times(3_000).map(async () => {
        const { statusCode, headers, body } = await agent.request({ origin: origin(), path, method: 'GET' });
        const { reason } = (await body.json()) as { reason?: string };
        return { statusCode, reason, retryAfter: headers['retry-after'] };
      }),
    );
    await agent.close();
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused.length).toBeLessThan(answers.length);
    for (const answer of refused) {
      expect(answer).toEqual({ statusCode: 503, reason: 'overloaded', retryAfter: '1' });
    }
    expect((await fetch(`${orderService().internalUrl}/metrics`)).status).toBe(200);
    expect((await fetch(origin() + path)).status).toBe(200);
  },
);

/** Opens connections that send something and then keep silent. */
function openSilently(origin: string, count: number, text: string): { close(): void } {
  const sockets = times(count).map(() => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1').on('error', () => undefined);
    socket.write(text);
    return socket;
  });
  return {
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

test.each([
  ['a service', () => orderService().url],
  ['the gateway', () => gateway.url],
])('%s serves other clients while 1,000 requests never end', async (_, origin) => {
  const unended = ['GET', 'POST'].map((method) => {
    const head = `${method} ${path} HTTP/1.1\r\nHost: shop\r\nContent-Length: 1\r\n\r\n`;
    return openSilently(origin(), MAX_IN_FLIGHT, head);
  });
  await sleep(500);
  expect(new Set(await otherClient(origin()))).toEqual(new Set([200]));
  const added = await fetch(`${origin()}${path.replace('find', 'addItem')}/${item}`, { method: 'POST' });
  expect(added.status).toBe(200);
  for (const requests of unended) {
    requests.close();
  }
});

describe('while stock is frozen', () => {
  const stockService = () => shop.one('stock');
  beforeEach(() => {
    stockService().process.kill('SIGSTOP');
  });
  afterEach(() => {
    stockService().process.kill('SIGCONT');
  });

  test('the gateway serves the other services, however many requests wait for stock', async () => {
    const agent = new Agent({ connections: 2 * MAX_IN_FLIGHT });
    let refused = 0;
    const waiting = times(2 * MAX_IN_FLIGHT).map(async () => {
      const { statusCode, body } = await agent.request({
        ...{ origin: gateway.url, path: `/stock/find/${item}`, method: 'GET' },
      });
      await body.dump();
      refused += statusCode === 503 ? 1 : 0;
      return statusCode;
    });
    await until(() => refused === MAX_IN_FLIGHT);
    expect(new Set(await otherClient(gateway.url))).toEqual(new Set([200]));
    stockService().process.kill('SIGCONT');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([200, 503]));
    await agent.close();
  });

  test('the memory of a service is bounded, when 100 connections send 2,600 requests each behind one that waits', async () => {
    const checkout = `POST ${path.replace('find', 'checkout')} HTTP/1.1\r\nHost: shop\r\n\r\n`;
    const waiting = openSilently(
      orderService().url,
      100,
      checkout + 'GET / HTTP/1.1\r\nHost:\r\n\r\n'.repeat(2_600),
    );
    await sleep(2_000);
    expect(new Set(await otherClient(orderService().url))).toEqual(new Set([200]));
    expect(residentMebibytes(orderService().process.pid)).toBeLessThan(MEMORY_LIMIT);
    waiting.close();
  });
});

test('the log has a few lines about all of that, and no stack', () => {
  const lines = readFileSync(orderService().logFile, 'utf8').split('\n');
  const about503 = lines.filter((line) => line.includes('503'));
  expect(about503.length).toBeLessThan(100);
  expect(about503.filter((line) => line.includes('stack'))).toEqual([]);
});
