import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { z } from 'zod';

const problem = z.object({
  reason: z.string().optional(),
  saga_id: z.string().optional(),
  detail: z.string(),
});
const paid = z.object({ saga_id: z.string() });

/** How a checkout ended: 200 when it was paid, 4xx with a reason when it had no effect. */
export interface Outcome {
  readonly status: number;
  readonly reason: string | undefined;
  readonly sagaId: string | undefined;
  /** The time from the first request to the final answer. */
  readonly ms: number;
}

/** Whether a status is not an outcome: pending, overloaded, or a service that was lost during the request. */
const isUndecided = (status: number) => status === 202 || status === 429 || status >= 500;
/** The reasons of a 503 that say that a request had no effect and can be repeated. */
const NOTHING_DONE = ['overloaded', 'busy'];
const TIMEOUT_MS = 60_000;

/** Calls the public API like any client. Its errors are sentences for the person at the terminal. */
export class DemoClient {
  private readonly agent: Agent;

  /** @param connections how many requests may run at once; the others wait for their turn */
  constructor(
    readonly url: URL,
    connections: number,
  ) {
    this.agent = new Agent({ connections, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  }

  /**
   * Sends a request that must succeed. If it was refused before anything was done, because there was too much to do, it
   * is sent again.
   * @throws Error when it is answered with anything else but 200
   */
  async call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, answer: z.ZodType<T>): Promise<T> {
    for (const end = performance.now() + TIMEOUT_MS; ; ) {
      const { status, body, retryAfter } = await this.request(method, path);
      if (status === 200) {
        return this.read(answer, body);
      }
      const { reason = '', detail } = this.read(problem, body);
      if (status === 401) {
        throw new Error(
          'This shop wants people to log in, and the demo is for one that does not: start it without --access required.',
        );
      }
      if (!NOTHING_DONE.includes(reason) || performance.now() > end) {
        throw new Error(`${method} ${path} was answered ${status}: ${detail}`);
      }
      await sleep(1_000 * retryAfter);
    }
  }

  /**
   * Checks an order out. Repeats the request until the outcome is known; a repetition joins the checkout or learns its
   * outcome.
   */
  async checkOut(orderId: string): Promise<Outcome> {
    const path = `/orders/checkout/${orderId}`;
    const start = performance.now();
    for (;;) {
      const { status, body, retryAfter } = await this.request('POST', path);
      const ms = performance.now() - start;
      if (!isUndecided(status)) {
        if (status === 200) {
          return { status, reason: undefined, sagaId: this.read(paid, body).saga_id, ms };
        }
        const { reason, saga_id } = this.read(problem, body);
        return { status, reason, sagaId: saga_id, ms };
      }
      if (ms > TIMEOUT_MS) {
        throw new Error(`The checkout of order ${orderId} has no outcome after a minute (${status}).`);
      }
      await sleep(1_000 * retryAfter);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async request(method: Dispatcher.HttpMethod, path: string) {
    const { origin } = this.url;
    try {
      const { statusCode, headers, body } = await this.agent.request({ origin, path, method });
      const retryAfter = Math.min(Number(headers['retry-after']) || 1, 5);
      return { status: statusCode, retryAfter, body: parseJson(await body.text()) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') {
        throw new Error(`The shop at ${origin} closed the connection during a request (${code}).`);
      }
      throw new Error(
        `No shop answers at ${origin} (${code ?? message}). Run "npm start" in another terminal first, ` +
          'or give the address of the shop: npm run demo -- --url http://localhost:8000',
      );
    }
  }

  private read<T>(answer: z.ZodType<T>, body: unknown): T {
    const read = answer.safeParse(body);
    if (read.success) {
      return read.data;
    }
    throw new Error(
      `The server at ${this.url.origin} is not a Chandlery shop. Give the address of a shop with --url.`,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
