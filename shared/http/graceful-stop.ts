import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a connection without a request may still send its first one after the server begins to stop. */
const FIRST_REQUEST_WITHIN_MS = 1_000;

/**
 * Call it before the server listens. Returns a function that stops the server: it takes no new connections, lets the
 * open requests finish for at most `graceMs`, and then cuts the rest. A client that sees a reset knows that its outcome
 * is unknown, and asks again.
 */
export function gracefulStop(server: Server): (graceMs: number) => Promise<void> {
  const silent = trackSilent(server);
  return async (graceMs) => {
    if (!server.listening) {
      return;
    }
    const closed = once(server, 'close');
    server.close();
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
  };
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
