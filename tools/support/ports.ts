import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Whether something listens on a port of this machine already. */
export function isTaken(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152): one of those may be
 * taken between the moment that it is found free and the moment that somebody listens on it.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;

/** Where this process goes on looking. It begins anywhere, so that processes that look at once find different ports. */
let next = randomInt(FIRST_PORT, LAST_PORT);

/** Ports that nothing listens on at this moment, all different. */
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
