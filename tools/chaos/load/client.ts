import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type ParticipantName, perParticipant, serviceOfPath } from '../../../shared/services';
import { classify, type Exchange } from '../../audit/history/history';
import { watchReplicas } from '../../gateway/replicas';

export type Method = 'GET' | 'POST';

export interface RequestOptions {
  /** The Idempotency-Key. */
  key?: string | undefined;
  prefer?: string;
  /** What is sent as JSON. */
  content?: object;
  timeoutMs?: number;
}

/** After this long without an answer, the outcome of a request is unknown. */
const TIMEOUT_MS = 6_000;
const RETRY_MS = { least: 100, most: 800 };

/**
 * Members of a problem document that are not kept. They are for people and prove nothing, and a long run has hundreds
 * of thousands of answers.
 */
const PROSE = ['type', 'title', 'detail', 'instance', 'trace_id'];

/** This share of the requests goes through the gateway. */
const GATEWAY_SHARE = 0.1;

/**
 * Sends requests to the shop as a load balancer would: to the replicas that say they are ready, in turn. Some go through
 * the gateway. Records every request with its answer, for the audit of the answers.
 */
export class Client {
  readonly history: Exchange[] = [];
  private readonly agent = new Agent({ connections: 512 });
  private readonly services;

  constructor(
    addresses: Record<ParticipantName, { urls: URL[]; internalUrls: URL[] }>,
    private readonly gateway: URL,
  ) {
    const watch = ({ urls, internalUrls }: { urls: URL[]; internalUrls: URL[] }) =>
      watchReplicas(urls, internalUrls);
    this.services = perParticipant((name) => watch(addresses[name]));
  }

  async send(
    method: Method,
    path: string,
    { key, prefer, content, timeoutMs }: RequestOptions = {},
  ): Promise<Exchange> {
    const service = serviceOfPath(path) as ParticipantName;
    const direct = this.services[service].inTurn()[0]?.url as URL;
    const url = Math.random() < GATEWAY_SHARE ? this.gateway : direct;
    const exchange: Exchange = { at: performance.now(), request: `${method} ${path}`, ...(key && { key }) };
    this.history.push(exchange);
    try {
      const { statusCode, body } = await request(new URL(path, url), {
        method,
        dispatcher: this.agent,
        headers: {
          ...(key && { 'idempotency-key': key }),
          ...(prefer && { prefer }),
          ...(content && { 'content-type': 'application/json' }),
        },
        ...(content && { body: JSON.stringify(content) }),
        signal: AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS),
      });
      const answer = JSON.parse(await body.text());
      if (statusCode >= 400) {
        for (const name of PROSE) {
          delete answer[name];
        }
      }
      Object.assign(exchange, { status: statusCode, body: answer, answered_at: performance.now() });
    } catch {
      // A reset, a timeout or half an answer: the exchange stays without an answer.
    }
    return exchange;
  }

  /** Repeats the request with the same key while the outcome is unknown and `mayRetry` returns true. */
  async sendUntilKnown(path: string, mayRetry: () => boolean): Promise<Exchange> {
    const key = randomUUID();
    for (;;) {
      const exchange = await this.send('POST', path, { key });
      if (classify(exchange) !== 'unknown' || !mayRetry()) {
        return exchange;
      }
      await this.pauseBeforeRetry();
    }
  }

  /** Waits a random time, so that the retries of many buyers spread out. */
  pauseBeforeRetry(): Promise<void> {
    return sleep(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least));
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
