import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { perService, type ServiceName, serviceOfPath } from '../../../shared/services';
import { classify, type Exchange } from '../../audit/history/history';
import { watchReplicas } from '../../gateway/replicas';

export type Method = 'GET' | 'POST';

export interface Asking {
  /** The Idempotency-Key. */
  key?: string | undefined;
  prefer?: string;
  patienceMs?: number;
}

/** After this long a client takes the silence for an answer, and the outcome for unknown. */
const PATIENCE_MS = 6_000;
const RETRY_MS = { least: 100, most: 800 };

/** What a problem says to people is not evidence, and a long run has hundreds of thousands of answers. */
const PROSE = ['type', 'title', 'detail', 'instance', 'trace_id'];

/**
 * Asks the shop, as a balancer would in front of it: the replicas that say they are ready, in turn. Every request and
 * its answer are written down, which is what the audit of answers goes by.
 */
export class Client {
  readonly history: Exchange[] = [];
  private readonly agent = new Agent({ connections: 512 });
  private readonly services;

  constructor(addresses: Record<ServiceName, { urls: URL[]; internalUrls: URL[] }>) {
    const watch = ({ urls, internalUrls }: { urls: URL[]; internalUrls: URL[] }) =>
      watchReplicas(urls, internalUrls);
    this.services = perService((name) => watch(addresses[name]));
  }

  async ask(method: Method, path: string, { key, prefer, patienceMs }: Asking = {}): Promise<Exchange> {
    const service = serviceOfPath(path) as ServiceName;
    const url = this.services[service].inTurn()[0]?.url as URL;
    const exchange: Exchange = { at: performance.now(), request: `${method} ${path}`, ...(key && { key }) };
    this.history.push(exchange);
    try {
      const { statusCode, body } = await request(new URL(path, url), {
        method,
        dispatcher: this.agent,
        headers: { ...(key && { 'idempotency-key': key }), ...(prefer && { prefer }) },
        signal: AbortSignal.timeout(patienceMs ?? PATIENCE_MS),
      });
      const answer = JSON.parse(await body.text());
      if (statusCode >= 400) {
        for (const name of PROSE) {
          delete answer[name];
        }
      }
      Object.assign(exchange, { status: statusCode, body: answer, answered_at: performance.now() });
    } catch {
      // A reset, silence, or half an answer: it stays without one.
    }
    return exchange;
  }

  /** Asks again, with the same key, for as long as the outcome is unknown and `wanted` says so. */
  async insist(path: string, wanted: () => boolean): Promise<Exchange> {
    const key = randomUUID();
    for (;;) {
      const exchange = await this.ask('POST', path, { key });
      if (classify(exchange) !== 'unknown' || !wanted()) {
        return exchange;
      }
      await this.rest();
    }
  }

  /** Before whoever got no answer asks again. */
  rest(): Promise<void> {
    return sleep(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least));
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
