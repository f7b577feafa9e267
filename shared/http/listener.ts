import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CONNECTIONS } from './limits';
import { type Address, listen } from './listen';

export interface Listener {
  /** Listens, and returns the port. */
  start(address: Address): Promise<number>;
  /**
   * Takes no new connections, lets the open requests finish for at most `graceMs`, and then cuts the rest. A client that
   * sees a reset knows that its outcome is unknown, and asks again.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * Node accepts one connection of a socket in a turn of its event loop (libuv since 1.45). In a flood a turn takes up to
 * 300 ms, and fifty other clients were accepted within 3 s. The kernel spreads the connections over the sockets of a port.
 */
const SOCKETS = 32;

/** How long a connection without a request may still send its first one after the server begins to stop. */
const FIRST_REQUEST_WITHIN_MS = 1_000;

/**
 * Listens for an HTTP server on several sockets of one port, or on one where a port cannot be shared: elsewhere than on
 * Linux, and before Node.js 22.12. Call it before the server gets connections.
 */
export function openListener(server: Server, maxConnections = MAX_CONNECTIONS): Listener {
  const silent = trackSilent(server);
  limitConnections(server, maxConnections);
  const others = Array.from({ length: SOCKETS - 1 }, () =>
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  );
  const sockets: readonly NetServer[] = [server, ...others];
  let isStopping = false;
  return {
    async start(address) {
      const port = await findFree(address);
      try {
        for (const socket of sockets) {
          await listen(socket, { ...address, port, isShared: true });
          if (isStopping) {
            await close(socket);
          }
        }
        return port;
      } catch {
        await Promise.all(sockets.map(close));
        return listen(server, { ...address, port });
      }
    },
    async stop(graceMs) {
      isStopping = true;
      if (!server.listening) {
        return;
      }
      const closed = Promise.all(sockets.map(close));
      const closeSilent = setTimeout(() => {
        for (const socket of silent) {
          socket.destroy();
        }
      }, FIRST_REQUEST_WITHIN_MS);
      const graceTimer = new AbortController();
      await Promise.race([closed, sleep(graceMs, undefined, { signal: graceTimer.signal, ref: false })]);
      graceTimer.abort();
      clearTimeout(closeSilent);
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Returns the port, or a free one for 0. A port that is shared can be shared with another program of the same user, so it
 * is first asked for alone: that fails if anybody listens on it.
 */
async function findFree(address: Address): Promise<number> {
  const alone = createServer();
  const port = await listen(alone, address);
  await close(alone);
  return port;
}

function close(server: NetServer): Promise<unknown> {
  const closed = once(server, 'close');
  server.close();
  return closed;
}

/** The server's own limit would count one socket only. */
function limitConnections(server: Server, max: number): void {
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count++;
    socket.once('close', () => count--);
    if (count > max) {
      socket.destroy();
    }
  });
}

/**
 * Returns the connections on which no request has arrived yet: a load balancer opens some in advance. Node does not
 * count them as idle, so a closing server would wait for them until its grace time is over.
 */
function trackSilent(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return silent;
}
