import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { classify, type Exchange } from '../../tools/audit/history/history';

export interface Buyers {
  /** Every request and its answer, for the audit of answers. */
  readonly history: readonly Exchange[];
  /** Resolves with the milliseconds until a checkout that was sent after this call has an outcome. */
  nextOutcome(): Promise<number>;
  /** Starts no more checkouts. Resolves when every buyer knows the outcome of the last one. */
  finish(): Promise<void>;
}

const TIMEOUT_MS = 40_000;
const RETRY_AFTER_MS = 500;
const OUTCOME_WITHIN_MS = 5 * 60_000;
const USERS = 10;

/**
 * Starts buyers that check out again and again, and repeat a request until they know its outcome. Every fifth user has
 * little money, and every fifth item is scarce.
 */
export async function startBuyers(url: string, count: number): Promise<Buyers> {
  const history: Exchange[] = [];
  const agent = new Agent({ connections: 256 });
  const outcomes: { sentAt: number }[] = [];
  let buying = true;

  async function send(path: string, key?: string): Promise<Exchange> {
    const exchange: Exchange = { at: performance.now(), request: `POST ${path}`, ...(key && { key }) };
    history.push(exchange);
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const headers = key ? { 'idempotency-key': key } : {};
      const { statusCode, body } = await request(new URL(path, url), {
        method: 'POST',
        dispatcher: agent,
        headers,
        signal,
      });
      const answer = JSON.parse(await body.text());
      Object.assign(exchange, { status: statusCode, body: answer, answered_at: performance.now() });
    } catch {
      // The exchange stays without an answer.
    }
    return exchange;
  }

  async function sendUntilKnown(path: string, key: string | undefined = randomUUID()): Promise<Exchange> {
    for (;;) {
      const exchange = await send(path, key);
      if (classify(exchange) !== 'unknown' && exchange.status !== 429) {
        return exchange;
      }
      await sleep(RETRY_AFTER_MS);
    }
  }

  const create = async (path: string, name: string) => String((await sendUntilKnown(path)).body?.[name]);
  const numbers = Array.from({ length: USERS }, (_, i) => i);
  const users = await Promise.all(numbers.map(() => create('/payment/create_user', 'user_id')));
  const items = await Promise.all(numbers.map(() => create('/stock/item/create/3', 'item_id')));
  await Promise.all(
    users.map((user, i) => sendUntilKnown(`/payment/add_funds/${user}/${i % 5 === 0 ? 30 : 1_000_000}`)),
  );
  await Promise.all(
    items.map((item, i) => sendUntilKnown(`/stock/add/${item}/${i % 5 === 0 ? 20 : 1_000_000}`)),
  );

  const pick = (from: readonly string[]) => from[Math.floor(Math.random() * from.length)] as string;
  async function buy(): Promise<void> {
    while (buying) {
      const order = await create(`/orders/create/${pick(users)}`, 'order_id');
      await sendUntilKnown(`/orders/addItem/${order}/${pick(items)}/1`);
      const sentAt = performance.now();
      // A checkout without a key joins the one in flight, or gets its outcome.
      for (;;) {
        const exchange = await send(`/orders/checkout/${order}`);
        if (classify(exchange) !== 'unknown' && exchange.status !== 429) {
          break;
        }
        await sleep(RETRY_AFTER_MS);
      }
      outcomes.push({ sentAt });
    }
  }
  const buyers = Promise.all(Array.from({ length: count }, buy));

  return {
    history,
    async nextOutcome() {
      const from = performance.now();
      while (!outcomes.some(({ sentAt }) => sentAt >= from)) {
        if (performance.now() - from > OUTCOME_WITHIN_MS) {
          throw new Error('No new checkout has had an outcome for five minutes.');
        }
        await sleep(100);
      }
      return performance.now() - from;
    },
    async finish() {
      buying = false;
      await buyers;
      await agent.close();
    },
  };
}
