import { setTimeout as sleep } from 'node:timers/promises';

/** What a shopkeeper puts into the shop. */
export interface Stocked {
  name: string;
  quantity: number;
  price?: number;
  description?: string;
  picture?: string;
  categories?: string[];
}

export interface JsonAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the body is.
  body: any;
}

/** A client of catalog's routes, which take JSON. */
export class CatalogClient {
  /** @param origins of replicas, which get requests in turn */
  constructor(private readonly origins: readonly string[]) {}
  private turn = 0;

  async send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<JsonAnswer> {
    const origin = this.origins[this.turn++ % this.origins.length];
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  get(path: string, headers?: Record<string, string>): Promise<JsonAnswer> {
    return this.send('GET', path, undefined, headers);
  }

  stock(stocked: Stocked, headers?: Record<string, string>): Promise<JsonAnswer> {
    return this.send('POST', '/catalog/products', stocked, headers);
  }

  /** Puts units into the shop, and resolves when they can be sold. @returns the id of the item */
  async mustStock(stocked: Stocked): Promise<string> {
    const { status, body } = await this.stock(stocked);
    if (status !== 202) {
      throw new Error(`the shop did not take ${stocked.name}: ${status} ${JSON.stringify(body)}`);
    }
    await this.untilDone(body.restock_id);
    return body.item_id;
  }

  /** Resolves when stock has added the units. If it never does, the test's own timeout ends the wait. */
  async untilDone(restockId: string): Promise<void> {
    for (;;) {
      const { body } = await this.get(`/catalog/restocks/${restockId}`);
      if (body.state === 'DONE') {
        return;
      }
      if (body.state === 'REFUSED') {
        throw new Error(`stock refused restock ${restockId}: ${body.reason}`);
      }
      await sleep(10);
    }
  }
}
