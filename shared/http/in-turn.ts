import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Lines {
  /** Wraps a handler, so that it gets a request when its turn has come. All handlers of a server share the lines. */
  inTurn(handle: Handler): Handler;
  /** Whether requests wait in line on a connection, so that it is not read. */
  isWaiting(socket: Duplex): boolean;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The requests that wait on one connection for their turn. */
interface Line {
  length: number;
  /** Whether the connection must not be read. */
  isPaused: boolean;
  /** Whether the last one in line is refused, so that the connection ends with its turn. */
  isRefused: boolean;
}

/**
 * Of all connections together, and beyond that at most one of each. One read of a connection brings up to 2,600
 * requests, of about 2.5 kB of memory each.
 */
const MAX_IN_LINE = 10_000;

/**
 * The guarantee: a connection has one request in progress at a time, and is not read while others wait in line behind
 * that one. So a client that sends requests without waiting for the answers (pipelining) is served like any other
 * client, and its requests wait in the network and not in our memory. RFC 9112, section 9.3.2, lets a server handle
 * pipelined requests at the same time only if all of them are safe (docs/decisions/0020).
 *
 * @param refuse gets a request instead, in its turn, if too many waited in line when it arrived. It must close the
 *   connection. If another request is behind that one, the connection is cut at once, because Node keeps every request
 *   that it has read until it is answered or the connection is closed
 */
export function openLines(refuse: Handler): Lines {
  const lines = new WeakMap<Duplex, Line>();
  let inLine = 0;

  function openLine(socket: Socket): Line {
    const line: Line = { length: 0, isPaused: false, isRefused: false };
    lines.set(socket, line);
    // Node resumes a socket for reasons of its own, for instance when it has discarded the body of a request.
    socket.on('resume', () => line.isPaused && socket.pause());
    socket.once('close', () => {
      inLine -= line.length;
      line.length = 0;
    });
    return line;
  }

  function join(line: Line, socket: Socket): void {
    line.length++;
    inLine++;
    line.isPaused = true;
    socket.pause();
  }

  function leave(line: Line, { socket, complete }: IncomingMessage, response: ServerResponse): void {
    line.length--;
    inLine--;
    if (line.length > 0) {
      return;
    }
    const readOn = () => {
      line.isPaused = false;
      socket.resume();
    };
    // The end of the stream is read after the last answer, so that a client that has ended it still gets that answer.
    if (complete) {
      response.once('close', readOn);
    } else {
      readOn();
    }
  }

  function cut(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    // Nobody gets this answer, but it is counted and logged like others.
    refuse(request, response);
    discardRest(socket);
    socket.destroy();
  }

  const inTurn: Lines['inTurn'] = (handle) => (request, response) => {
    // Node gives a response its socket when the answers to all earlier requests of the connection have been sent.
    if (response.socket !== null) {
      handle(request, response);
      return;
    }
    const { socket } = request;
    const line = lines.get(socket) ?? openLine(socket);
    if (line.isRefused) {
      cut(request, response);
      return;
    }
    line.isRefused = inLine >= MAX_IN_LINE;
    const answer = line.isRefused ? refuse : handle;
    join(line, socket);
    // Each turn is one of the event loop's, too: a long line of quick answers keeps nobody else waiting.
    response.once('socket', () => setImmediate(takeTurn));

    function takeTurn(): void {
      if (!socket.destroyed) {
        leave(line, request, response);
        answer(request, response);
      }
    }
  };

  return { inTurn, isWaiting: (socket) => lines.get(socket)?.isPaused === true };
}

/**
 * Makes Node skip what it has read from a connection and not parsed yet: up to 2,600 requests, which it would keep until
 * it has read from all other connections, too. Without a parser in this place, as in another version, they are kept.
 */
function discardRest(socket: Socket & { parser?: { onIncoming: () => number } }): void {
  const { parser } = socket;
  if (parser) {
    // The head is that of an upgrade: what follows is not HTTP.
    parser.onIncoming = () => 2;
  }
}
