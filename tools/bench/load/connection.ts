import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';

/** Longer than order lets a request wait. */
const TIMEOUT_MS = 40_000;

/** One kept-alive connection with one request at a time, like a buyer's. */
export class Connection {
  private readonly client: Client;
  private readonly sockets: Socket[] = [];

  /** @param tokenOf returns the token that an order is checked out with */
  constructor(
    url: string,
    private readonly tokenOf?: (order: number) => string,
  ) {
    const connect = buildConnector({ timeout: TIMEOUT_MS });
    this.client = new Client(url, {
      pipelining: 1,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
      connect: (options, callback) =>
        connect(options, (...result) => {
          if (result[1]) {
            this.sockets.push(result[1] as Socket);
          }
          callback(...result);
        }),
    });
  }

  /** @param onAnswer gets the status, with the reason if it is a refusal; "lost" when there is no answer */
  checkOut(order: number, onAnswer: (answer: string) => void): void {
    let status = 0;
    let body = '';
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_, statusCode) {
        status = statusCode;
      },
      onResponseData(_, chunk) {
        if (status !== 200) {
          body += chunk;
        }
      },
      onResponseEnd() {
        onAnswer(status === 200 ? '200' : describe(status, body));
      },
      onResponseError() {
        onAnswer('lost');
      },
    };
    const headers = this.tokenOf && { headers: { authorization: `Bearer ${this.tokenOf(order)}` } };
    this.client.dispatch({ method: 'POST', path: `/orders/checkout/${order}`, ...headers }, handler);
  }

  bytes(): { sent: number; received: number } {
    return {
      sent: this.sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0),
      received: this.sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
    };
  }

  close(): Promise<void> {
    return this.client.destroy();
  }
}

function describe(status: number, body: string): string {
  try {
    return `${status} ${(JSON.parse(body) as { reason?: string }).reason ?? ''}`.trim();
  } catch {
    return String(status);
  }
}
