import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { type ParticipantName, serviceOfPath } from '../../shared/services';

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the body is.
  body: any;
}

/** A client of the public API, which calls each service's replicas in turn. */
export class ApiClient {
  private readonly agent = new Agent({
    connections: 2_000,
    keepAliveTimeout: 30_000,
    headersTimeout: 60_000,
  });
  private turn = 0;

  /**
   * @param urlsOf the addresses of a service's replicas, or of a gateway
   * @param always headers of every request
   */
  constructor(
    private readonly urlsOf: (service: ParticipantName) => readonly string[],
    private readonly always: Readonly<Record<string, string>> = {},
  ) {}

  /** @param path the route, such as `/orders/find/1`; its first segment selects the service */
  async request(
    method: Dispatcher.HttpMethod,
    path: string,
    headers: Record<string, string> = {},
    content?: object,
  ): Promise<ApiAnswer> {
    const replicas = this.urlsOf(serviceOfPath(path) as ParticipantName);
    const origin = replicas[this.turn++ % replicas.length] as string;
    const answer = await this.agent.request({
      origin,
      path,
      method,
      headers: { ...this.always, ...headers, ...(content && { 'content-type': 'application/json' }) },
      ...(content && { body: JSON.stringify(content) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  post(path: string, headers?: Record<string, string>): Promise<ApiAnswer> {
    return this.request('POST', path, headers);
  }

  get(path: string): Promise<ApiAnswer> {
    return this.request('GET', path);
  }

  /** Posts a request that must succeed, and returns the body. If it was shed, it is sent again, as the answer says. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the body is.
  async must(path: string): Promise<any> {
    let answer = await this.post(path);
    while (answer.status === 503 && ['overloaded', 'busy'].includes(answer.body.reason)) {
      await sleep(1_000 * Number(answer.headers['retry-after']));
      answer = await this.post(path);
    }
    if (answer.status !== 200) {
      throw new Error(`POST ${path} was answered with ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  async user(credit: number): Promise<string> {
    const { user_id } = await this.must('/payment/create_user');
    if (credit > 0) {
      await this.must(`/payment/add_funds/${user_id}/${credit}`);
    }
    return user_id;
  }

  async item(price: number, stock: number): Promise<string> {
    const { item_id } = await this.must(`/stock/item/create/${price}`);
    if (stock > 0) {
      await this.must(`/stock/add/${item_id}/${stock}`);
    }
    return item_id;
  }

  async order(user: string, lines: Record<string, number>): Promise<string> {
    const { order_id } = await this.must(`/orders/create/${user}`);
    for (const [item, quantity] of Object.entries(lines)) {
      await this.must(`/orders/addItem/${order_id}/${item}/${quantity}`);
    }
    return order_id;
  }

  checkout(order: string, headers?: Record<string, string>): Promise<ApiAnswer> {
    return this.post(`/orders/checkout/${order}`, headers);
  }

  async credit(user: string): Promise<number> {
    return (await this.get(`/payment/find_user/${user}`)).body.credit;
  }

  async stock(item: string): Promise<number> {
    return (await this.get(`/stock/find/${item}`)).body.stock;
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
