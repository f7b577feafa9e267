import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FloodOptions {
  port: number;
  path: string;
  connections: number;
  forMs: number;
  /** Whether the answers are read. If not, they fill up the server's buffers. */
  reads: boolean;
}

/** Requests that are written at once. */
const CHUNK = 500;
/** The most requests on one connection. */
const MAX_REQUESTS = 100_000;

/**
 * Pipelines GET requests on each connection, as fast as the server takes them and without waiting for answers. Resolves
 * when the time is up and the connections are closed.
 * @param onFirst called when the first requests are on their way
 */
export async function flood(options: FloodOptions, onFirst: () => void): Promise<void> {
  const ended = sleep(options.forMs);
  await Promise.all(Array.from({ length: options.connections }, () => floodOne(options, ended, onFirst)));
}

async function floodOne(
  { port, path, reads }: FloodOptions,
  ended: Promise<unknown>,
  onFirst: () => void,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const requests = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(CHUNK);
  let written = 0;
  const write = () => {
    while (written < MAX_REQUESTS) {
      written += CHUNK;
      if (!socket.write(requests)) {
        return;
      }
    }
  };
  socket.once('connect', () => {
    onFirst();
    write();
  });
  socket.on('drain', write);
  if (reads) {
    socket.resume();
  }
  await Promise.race([ended, closed]);
  socket.destroy();
}
