import { bindings, deadLetterQueueOf, declaredQueues } from '../../../shared/rabbit/topology';

export interface Binding {
  readonly exchange: string;
  readonly queue: string;
  readonly key: string;
}

/** Deleting a queue without a leader takes RabbitMQ five seconds. */
const TIMEOUT_MS = 8_000;

/** What an administrator can do to a broker, by its HTTP API in the virtual host "/". */
export class BrokerApi {
  private readonly headers: Record<string, string>;

  constructor(
    /** Returns that of each node. The first one that runs is asked. */
    private readonly urls: () => readonly string[],
    { username, password }: { username: string; password: string },
  ) {
    this.headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
  }

  async closeConnections(username: string): Promise<void> {
    await this.call('DELETE', `/connections/username/${username}`);
  }

  /** Deletes what waits in a queue. What is unacked stays. */
  async purge(queue: string): Promise<void> {
    await this.call('DELETE', `/queues/%2F/${queue}/contents`);
  }

  /** Deletes a queue with all of its messages and bindings. Its consumers are cancelled. */
  async deleteQueue(queue: string): Promise<void> {
    await this.call('DELETE', `/queues/%2F/${queue}`);
  }

  async unbind({ exchange, queue, key }: Binding): Promise<void> {
    await this.call('DELETE', `/bindings/%2F/e/${exchange}/q/${queue}/${key}`);
  }

  /** Returns which of these queues, their dead-letter queues and their bindings are missing. */
  async findMissing(wanted: readonly string[]): Promise<string[]> {
    const found = (await this.call('GET', '/queues/%2F')) as { name: string }[];
    const bound = (await this.call('GET', '/bindings/%2F')) as {
      source: string;
      destination: string;
      routing_key: string;
    }[];
    const names = new Set([
      ...found.map(({ name }) => `the queue ${name}`),
      ...bound.map(({ source, destination, routing_key }) => describe(source, destination, routing_key)),
    ]);
    const isWanted = (name: string) =>
      wanted.some((queue) => [queue, deadLetterQueueOf(queue)].includes(name));
    return [
      ...declaredQueues.filter(({ name }) => isWanted(name)).map(({ name }) => `the queue ${name}`),
      ...bindings
        .filter(({ queue }) => isWanted(queue))
        .map(({ exchange, queue, key }) => describe(exchange, queue, key)),
    ].filter((name) => !names.has(name));
  }

  private async call(method: string, path: string): Promise<unknown> {
    const answer = await this.ask(method, path);
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  }

  private async ask(method: string, path: string): Promise<Response> {
    let failure: unknown;
    for (const url of this.urls()) {
      try {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        return await fetch(`${url}${path}`, { method, signal, headers: this.headers });
      } catch (error) {
        failure = error;
        if (!isRefused(error)) {
          break;
        }
      }
    }
    throw failure;
  }
}

/** Whether nobody listens at the address. After anything else, the node may have done what was asked. */
function isRefused(error: unknown): boolean {
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  return cause?.code === 'ECONNREFUSED';
}

function describe(exchange: string, queue: string, key: string): string {
  return `the binding of ${queue} to ${exchange} for ${key}`;
}
