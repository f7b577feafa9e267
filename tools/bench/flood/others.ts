import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import { createHistogram, encode, type Latency, latencyOf, record } from '../load/histogram';
import type { Answers } from './protocol';

const CLIENTS = 50;
const PAUSE_MS = 100;
const TIMEOUT_MS = 30_000;
/** How long Prometheus waits for /metrics, unless it is told otherwise. */
const SCRAPE_TIMEOUT_MS = 10_000;
const SCRAPE_EVERY_MS = 500;

/** Clients that read one order after the other, and pause in between, as long as Retry-After says. Returns the latency of all answers. */
export async function readCalmly(
  origin: string,
  path: string,
  seconds: number,
): Promise<{ latency: Latency; answers: Answers }> {
  const histogram = createHistogram();
  const answers: Answers = {};
  const end = performance.now() + seconds * 1_000;
  const one = async () => {
    const client = new Client(origin, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
    while (performance.now() < end) {
      const sentAt = performance.now();
      const { statusCode, headers, body } = await client.request({ path, method: 'GET' });
      const { reason } = (await body.json()) as { reason?: string };
      record(histogram, performance.now() - sentAt);
      const answer = [statusCode, reason].join(' ').trim();
      answers[answer] = (answers[answer] ?? 0) + 1;
      await sleep(Math.max(PAUSE_MS, 1_000 * Number(headers['retry-after'] ?? 0)));
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
  return { latency: latencyOf(encode(histogram)), answers };
}

/** Reads metrics until `work` ends. Returns how many milliseconds the slowest answer took. @throws Error without one */
export async function scraping<T>(url: URL, work: Promise<T>): Promise<{ result: T; slowestMs: number }> {
  let isOver = false;
  let slowestMs = 0;
  const scrape = async () => {
    while (!isOver) {
      const sentAt = performance.now();
      const answer = await fetch(new URL('/metrics', url), {
        signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
      });
      await answer.text();
      slowestMs = Math.max(slowestMs, performance.now() - sentAt);
      await sleep(SCRAPE_EVERY_MS);
    }
  };
  const scraped = scrape();
  const [result] = await Promise.all([
    work.finally(() => {
      isOver = true;
    }),
    scraped,
  ]);
  return { result, slowestMs };
}
