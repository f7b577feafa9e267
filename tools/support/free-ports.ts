import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
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

/** By then a server listens on the port, and everybody sees that it is taken. */
const RESERVED_FOR_MS = 60_000;

/** The port to check next. The first is random, because many processes look for ports. */
let next = randomInt(FIRST_PORT, LAST_PORT);

/** Returns distinct ports that nothing listens on at the moment, and that nobody else is given for a minute. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = next;
    next = port === LAST_PORT ? FIRST_PORT : port + 1;
    const release = await reserve(port);
    if (release === undefined) {
      continue;
    }
    if (await isTaken(port)) {
      release();
    } else {
      ports.push(port);
      setTimeout(release, RESERVED_FOR_MS).unref();
    }
  }
  return ports;
}

/**
 * Reserves a port among all who look for one: the UDP socket of the same number, which nobody needs, is the lock. It ends
 * with its process. Returns undefined if somebody else has it.
 */
function reserve(port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const lock = createSocket('udp4').unref();
    const release = () => lock.close();
    lock.once('error', () => {
      release();
      resolve(undefined);
    });
    lock.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(release));
  });
}
