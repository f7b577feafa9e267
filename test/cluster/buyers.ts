import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { classify, type Exchange } from '../../tools/audit/history/history';

export interface Buyers {
  /** Every request and its answer, which the audit of answers goes by. */
  readonly history: readonly Exchange[];
  /** Resolves when somebody has been told, of a checkout asked for from now on, how it ended; answers after how long. */
  nextAnswer(): Promise<number>;
  /** Nobody begins anything any more; resolves when everybody knows how their last checkout ended. */
  finish(): Promise<void>;
}

const PATIENCE_MS = 40_000;
const REST_MS = 500;
const ANSWERED_WITHIN_MS = 5 * 60_000;
const USERS = 10;

/** People who buy, again and again, and ask until they know; every fifth has little money, and every fifth item is scarce. */
export async function letBuyersIn(url: string, count: number): Promise<Buyers> {
  const history: Exchange[] = [];
  const agent = new Agent({ connections: 256 });
  const answered: { askedAt: number }[] = [];
  let open = true;

  async function ask(path: string, key?: string): Promise<Exchange> {
    const exchange: Exchange = { at: performance.now(), request: `POST ${path}`, ...(key && { key }) };
    history.push(exchange);
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
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
      // It stays without an answer.
    }
    return exchange;
  }

  async function insist(path: string, key: string | undefined = randomUUID()): Promise<Exchange> {
    for (;;) {
      const exchange = await ask(path, key);
      if (classify(exchange) !== 'unknown' && exchange.status !== 429) {
        return exchange;
      }
      await sleep(REST_MS);
    }
  }

  const idOf = async (path: string, name: string) => String((await insist(path)).body?.[name]);
  const numbers = Array.from({ length: USERS }, (_, i) => i);
  const users = await Promise.all(numbers.map(() => idOf('/payment/create_user', 'user_id')));
  const items = await Promise.all(numbers.map(() => idOf('/stock/item/create/3', 'item_id')));
  await Promise.all(
    users.map((user, i) => insist(`/payment/add_funds/${user}/${i % 5 === 0 ? 30 : 1_000_000}`)),
  );
  await Promise.all(items.map((item, i) => insist(`/stock/add/${item}/${i % 5 === 0 ? 20 : 1_000_000}`)));

  const pick = (from: readonly string[]) => from[Math.floor(Math.random() * from.length)] as string;
  async function buy(): Promise<void> {
    while (open) {
      const order = await idOf(`/orders/create/${pick(users)}`, 'order_id');
      await insist(`/orders/addItem/${order}/${pick(items)}/1`);
      const askedAt = performance.now();
      // A checkout without a key joins the one under way, or learns how it ended.
      for (;;) {
        const exchange = await ask(`/orders/checkout/${order}`);
        if (classify(exchange) !== 'unknown' && exchange.status !== 429) {
          break;
        }
        await sleep(REST_MS);
      }
      answered.push({ askedAt });
    }
  }
  const everybody = Promise.all(Array.from({ length: count }, buy));

  return {
    history,
    async nextAnswer() {
      const from = performance.now();
      while (!answered.some(({ askedAt }) => askedAt >= from)) {
        if (performance.now() - from > ANSWERED_WITHIN_MS) {
          throw new Error('Nobody has been told how a checkout ended for five minutes.');
        }
        await sleep(100);
      }
      return performance.now() - from;
    },
    async finish() {
      open = false;
      await everybody;
      await agent.close();
    },
  };
}
