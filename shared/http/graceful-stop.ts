import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a connection that has sent no request yet may still send one, once the server stops. */
const LAST_CHANCE_MS = 1_000;

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
    const lastChance = setTimeout(() => {
      for (const socket of silent) {
        socket.destroy();
      }
    }, LAST_CHANCE_MS);
    const patience = new AbortController();
    await Promise.race([closed, sleep(graceMs, undefined, { signal: patience.signal, ref: false })]);
    patience.abort();
    clearTimeout(lastChance);
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
