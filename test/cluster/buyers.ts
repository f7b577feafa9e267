import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { classify, type Exchange } from '../../tools/audit/history/history';
import type { Sent } from './experience';

export interface Buyers {
  /** Every request and its answer, for the audit of answers. */
  readonly history: readonly Exchange[];
  /** Every request that has ended. */
  readonly sent: readonly Sent[];
  /** Resolves when a checkout that was sent after this call has an outcome. */
  nextOutcome(): Promise<void>;
  /** Resolves when every request that was sent before this call has ended. */
  settled(): Promise<void>;
  /** From now on, only so many of them buy, each with a pause after each checkout. */
  keep(count: number, pauseMs?: number): void;
  /** Starts no more checkouts. Resolves when every buyer knows the outcome of the last one. */
  finish(): Promise<void>;
}

const TIMEOUT_MS = 40_000;
const RETRY_AFTER_MS = 500;
const OUTCOME_WITHIN_MS = 5 * 60_000;
const IDLE_MS = 200;
const USERS = 10;

/**
 * Starts buyers that look at an item, order it, check out and look at the order, again and again, and repeat a request
 * until they know its outcome. Every fifth user has little money, and every fifth item is scarce.
 * @param outcomeWithinMs how long they do so
 */
export async function startBuyers(
  url: string,
  count: number,
  outcomeWithinMs = OUTCOME_WITHIN_MS,
): Promise<Buyers> {
  const history: Exchange[] = [];
  const sent: Sent[] = [];
  const inFlight = new Set<Promise<Exchange>>();
  const agent = new Agent({ connections: 256 });
  let lastCheckout = Number.NEGATIVE_INFINITY;
  let buying = true;
  let active = count;
  let pause = 0;

  async function ask(method: string, path: string, key: string | undefined): Promise<Exchange> {
    const exchange: Exchange = { at: performance.now(), request: `${method} ${path}`, ...(key && { key }) };
    history.push(exchange);
    try {
      const { statusCode, body } = await request(new URL(path, url), {
        method: method as 'GET' | 'POST',
        dispatcher: agent,
        headers: key ? { 'idempotency-key': key } : {},
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await body.text();
      Object.assign(exchange, { status: statusCode, body: objectIn(text), answered_at: performance.now() });
    } catch {
      // The exchange stays without an answer.
    }
    sent.push({ sentAt: exchange.at, endedAt: performance.now(), failure: failureOf(exchange) });
    return exchange;
  }

  /**
   * Repeats a request until its outcome is known. A checkout without a key joins the one in flight.
   * @throws Error when it is still unknown after `outcomeWithinMs`
   */
  async function send(method: string, path: string, key?: string): Promise<Exchange> {
    for (const end = Date.now() + outcomeWithinMs; ; await sleep(RETRY_AFTER_MS)) {
      const answer = ask(method, path, key);
      inFlight.add(answer);
      const exchange = await answer.finally(() => inFlight.delete(answer));
      if (classify(exchange) !== 'unknown' && exchange.status !== 429) {
        return exchange;
      }
      if (Date.now() > end) {
        throw new Error(`${method} ${path} has had no outcome for ${outcomeWithinMs / 60_000} minutes.`);
      }
    }
  }

  const change = (path: string) => send('POST', path, randomUUID());
  const create = async (path: string, name: string) => String((await change(path)).body?.[name]);
  const numbers = Array.from({ length: USERS }, (_, i) => i);
  const users = await Promise.all(numbers.map(() => create('/payment/create_user', 'user_id')));
  const items = await Promise.all(numbers.map(() => create('/stock/item/create/3', 'item_id')));
  await Promise.all(
    users.map((user, i) => change(`/payment/add_funds/${user}/${i % 5 === 0 ? 30 : 1_000_000}`)),
  );
  await Promise.all(items.map((item, i) => change(`/stock/add/${item}/${i % 5 === 0 ? 20 : 1_000_000}`)));

  const pick = (from: readonly string[]) => from[Math.floor(Math.random() * from.length)] as string;
  async function buyOne(): Promise<void> {
    const item = pick(items);
    await send('GET', `/stock/find/${item}`);
    const order = await create(`/orders/create/${pick(users)}`, 'order_id');
    await change(`/orders/addItem/${order}/${item}/1`);
    const sentAt = performance.now();
    await send('POST', `/orders/checkout/${order}`);
    lastCheckout = Math.max(lastCheckout, sentAt);
    await send('GET', `/orders/find/${order}`);
  }

  async function buyAgainAndAgain(number: number): Promise<void> {
    while (buying) {
      await (number < active ? buyOne().then(() => sleep(pause)) : sleep(IDLE_MS));
    }
  }
  const buyers = Promise.all(Array.from({ length: count }, (_, number) => buyAgainAndAgain(number)));
  // `finish` reports it.
  buyers.catch(() => {});

  return {
    history,
    sent,
    async nextOutcome() {
      const from = performance.now();
      while (lastCheckout < from) {
        if (performance.now() - from > OUTCOME_WITHIN_MS) {
          throw new Error('No new checkout has had an outcome for five minutes.');
        }
        await sleep(IDLE_MS);
      }
    },
    async settled() {
      await Promise.allSettled(inFlight);
    },
    keep(wanted, pauseMs = 0) {
      active = wanted;
      pause = pauseMs;
    },
    async finish() {
      buying = false;
      await buyers;
      await agent.close();
    },
  };
}

/** Returns the JSON of an answer; undefined when it is none: the gateway's own answers are plain text. */
function objectIn(text: string): Exchange['body'] {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns why a request failed: with what its route was answered, or that it was not. */
function failureOf({ request, status, body }: Exchange): string | undefined {
  if (status !== undefined && status !== 429 && status < 500) {
    return undefined;
  }
  const route = request.split('/').slice(0, 3).join('/');
  return `${route}: ${status === undefined ? 'no answer' : `${status} ${body?.reason ?? 'from the gateway'}`}`;
}
