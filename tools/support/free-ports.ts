import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Returns whether something already listens on a port of this machine. */
export function isTaken(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152). An outgoing
 * connection could take such a port after it was found free and before a server listens on it.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;

/** The port to check next. The first is random, so that processes that look at the same time find different ports. */
let next = randomInt(FIRST_PORT, LAST_PORT);

/** Returns distinct ports that nothing listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = next;
    next = port === LAST_PORT ? FIRST_PORT : port + 1;
    if (!(await isTaken(port))) {
      ports.push(port);
    }
  }
  return ports;
}
