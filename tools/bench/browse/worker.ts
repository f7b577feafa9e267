// The process that is a crowd. It runs apart, so that its cost is not the shop's.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { createHistogram, encode, record } from '../load/histogram';
import { watchLag } from './lag';
import type { Crowd, CrowdResult } from './protocol';

/** Of all that people do; the rest of the time they look around. */
const BUYING_SHARE = 0.05;
/** What people look at when they do not look at one product. */
const LISTS = [
  '/catalog/products',
  '/catalog/products?sort=price',
  '/catalog/products?sort=newest',
  '/catalog/products?category=Lamps',
  '/catalog/products?search=lamp',
  '/catalog/categories',
];

process.on('message', (crowd: Crowd) => {
  void run(crowd).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());

async function run(crowd: Crowd): Promise<CrowdResult> {
  const { urls, items, users, people, warmUpMs, forMs } = crowd;
  const options = { connections: people, pipelining: 1 };
  const order = new Pool(urls.order, options);
  const catalog = new Pool(urls.catalog, options);
  const reads = createHistogram();
  const checkouts = createHistogram();
  const answers: Record<string, number> = {};
  let paid = 0;
  let isMeasured = false;
  let isOver = false;

  async function send(what: string, at: Pool, method: 'GET' | 'POST', path: string) {
    const sentAt = performance.now();
    const { statusCode, body } = await at.request({ method, path });
    const content = (await body.json()) as { order_id?: string };
    const name = `${what} ${statusCode}`;
    answers[name] = (answers[name] ?? 0) + 1;
    return { statusCode, content, ms: performance.now() - sentAt };
  }

  async function look(): Promise<void> {
    const path = Math.random() < 0.5 ? `/catalog/products/${pick(items)}` : pick(LISTS);
    const { ms } = await send('look', catalog, 'GET', path);
    if (isMeasured) {
      record(reads, ms);
    }
  }

  async function buy(): Promise<void> {
    const user = Math.floor(Math.random() * users);
    const { content } = await send('create', order, 'POST', `/orders/create/${user}`);
    await send('add', order, 'POST', `/orders/addItem/${content.order_id}/${pick(items)}/1`);
    const { statusCode, ms } = await send('checkout', order, 'POST', `/orders/checkout/${content.order_id}`);
    paid += statusCode === 200 ? 1 : 0;
    if (isMeasured) {
      record(checkouts, ms);
    }
  }

  async function visit(): Promise<void> {
    while (!isOver) {
      await (Math.random() < BUYING_SHARE ? buy() : look());
    }
  }

  const everybody = Promise.all(Array.from({ length: people }, visit));
  await sleep(warmUpMs);
  isMeasured = true;
  const lag = watchLag(urls, items[0] as string);
  await sleep(forMs);
  isMeasured = false;
  const behindMs = await lag.stop();
  isOver = true;
  await everybody;
  await Promise.all([order.close(), catalog.close()]);
  return {
    reads: { count: reads.totalCount, latency: encode(reads) },
    checkouts: { count: checkouts.totalCount, latency: encode(checkouts) },
    paid,
    answers,
    behindMs,
  };
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}
