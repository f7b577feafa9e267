import { connect as connectPlainly, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

/** Longer than order holds a request. */
const PATIENCE_MS = 40_000;
/** Larger than any answer to a checkout, so that one is read at once. */
const READ_BUFFER = 4_096;

/**
 * One kept-alive connection with one request at a time, which is all that a buyer has. It speaks as much of HTTP/1.1 as that
 * takes: a client for everything would take ten microseconds more for each checkout from the processors that the shop is
 * measured on, and pgbench, whose figure is beside the shop's, has no such burden. Answers must have a Content-Length.
 */
export class Connection {
  /** Of sockets that are gone. */
  private readonly past = { sent: 0, received: 0 };
  private socket: Socket | undefined;
  private received = '';
  private answered: ((answer: string) => void) | undefined;

  constructor(private readonly url: URL) {}

  /** @param answered with the status, and the reason if it is a refusal; "lost" when there is no answer */
  checkOut(order: number, answered: (answer: string) => void): void {
    this.answered = answered;
    this.socket ??= this.connect();
    const request = `POST /orders/checkout/${order} HTTP/1.1\r\nHost: ${this.url.host}\r\nContent-Length: 0\r\n\r\n`;
    this.socket.write(request, 'latin1');
  }

  bytes(): { sent: number; received: number } {
    const { sent, received } = this.past;
    const { bytesWritten = 0, bytesRead = 0 } = this.socket ?? {};
    return { sent: sent + bytesWritten, received: received + bytesRead };
  }

  close(): void {
    this.answered = undefined;
    this.socket?.destroy();
  }

  private connect(): Socket {
    const secure = this.url.protocol === 'https:';
    const buffer = Buffer.allocUnsafe(READ_BUFFER);
    const options: TcpNetConnectOpts = {
      // Without the brackets of an IPv6 address.
      host: this.url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(this.url.port) || (secure ? 443 : 80),
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => this.receive(buffer.toString('latin1', 0, length)),
      },
    };
    const socket = secure ? connectSecurely(options) : connectPlainly(options);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    // "close" comes after it.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (socket !== this.socket) return;
      this.leave(socket);
      this.answer('lost');
    });
    return socket;
  }

  /** The next checkout has another one. */
  private leave(socket: Socket | undefined): void {
    this.past.sent += socket?.bytesWritten ?? 0;
    this.past.received += socket?.bytesRead ?? 0;
    this.socket = undefined;
    this.received = '';
  }

  private receive(text: string): boolean {
    this.received += text;
    const head = this.received.slice(0, this.received.indexOf('\r\n\r\n') + 2);
    if (head.length < 2) return true;
    const status = head.slice(9, 12);
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
    if (length === undefined) {
      this.socket?.destroy();
      this.leave(this.socket);
      this.answer(`${status} without a Content-Length`);
      return true;
    }
    const body = this.received.slice(head.length + 2);
    if (body.length < Number(length)) return true;
    this.received = '';
    if (/\r\nconnection: *close\r\n/i.test(head)) {
      this.socket?.end();
      this.leave(this.socket);
    }
    this.answer(status === '200' ? status : describe(status, body));
    return true;
  }

  private answer(answer: string): void {
    const { answered } = this;
    this.answered = undefined;
    answered?.(answer);
  }
}

function describe(status: string, body: string): string {
  try {
    return `${status} ${(JSON.parse(body) as { reason?: string }).reason ?? ''}`.trim();
  } catch {
    return status;
  }
}
