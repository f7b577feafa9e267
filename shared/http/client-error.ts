import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Lines } from './in-turn';
import { problem, serialize } from './problem';

type ClientError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/**
 * Returns a listener that ignores what Node's timers refuse while requests are in line on the connection: the rest of the
 * next one arrives late because we do not read it.
 */
export function answerUnlessWaiting({ isWaiting }: Pick<Lines, 'isWaiting'>): typeof answerClientError {
  return (error, socket) => {
    if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT' || !isWaiting(socket)) {
      answerClientError(error, socket);
    }
  };
}

/**
 * Answers what Node's parser or its timers refuse, before there is a request for a route. If the connection
 * still owes an answer to an earlier request, for instance a waiting checkout, it is cut without one: the client would
 * take whatever is written now for that answer.
 */
export function answerClientError(error: ClientError, socket: Duplex): void {
  const { _httpMessage: response } = socket as Duplex & { _httpMessage?: ServerResponse | null };
  const owed = response && (response.req.complete || response.headersSent);
  if (socket.writable && error.code !== 'ECONNRESET' && !owed) {
    const status = statusOf(error);
    const { type, text = '' } = serialize(problem(status, { detail: explanation(status) }));
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
        `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }
  socket.destroy();
}

/** Answers an `Expect` that asks for anything but 100-continue. Node's own refusal is not a problem document. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const refusal = problem(417, { detail: 'This server supports only Expect: 100-continue.' });
  const { type, text } = serialize(refusal);
  response.writeHead(refusal.status, { 'Content-Type': type, Connection: 'close' }).end(text);
}

function statusOf(error: ClientError): number {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return hasLongTarget(error.rawPacket) ? 414 : 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}

function explanation(status: number): string {
  switch (status) {
    case 408:
      return 'The request took too long to arrive: the limit is 10 s for its head and 15 s in all.';
    case 413:
      return 'The chunk extensions of the body are too long.';
    case 414:
      return 'The request target may be at most 8 KiB long.';
    case 431:
      return 'The request line and headers together may be at most 16 KiB long.';
    default:
      return 'This is not a valid HTTP/1.1 request.';
  }
}

function hasLongTarget(packet: Buffer | undefined): boolean {
  return packet !== undefined && /^[A-Z]+ \S{8192}/.test(packet.toString('latin1'));
}
