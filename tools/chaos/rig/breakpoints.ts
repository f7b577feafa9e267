import { exchangeOf } from '../../../shared/rabbit/topology';
import type { Breakpoint } from './link';

/** A query message of the PostgreSQL protocol: Q, the length, the text and a zero byte. */
const commit = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

/** An AMQP frame of 13 bytes with method 60.80, basic.ack. The type and the channel, three bytes, precede the length. */
const ack = Buffer.from([0, 0, 0, 13, 0, 60, 0, 80]);

/**
 * Method 60.40, basic.publish, with two reserved bytes and the exchange. Only what goes to the service's own exchange is
 * an event.
 */
function publish(service: string): Buffer {
  const exchange = exchangeOf(service);
  return Buffer.concat([Buffer.from([0, 60, 0, 40, 0, 0, exchange.length]), Buffer.from(exchange, 'latin1')]);
}

/** The moments at which a crash shows whether a service keeps its guarantees. */
export const breakpoints = {
  'before commit': { link: 'database', breakpoint: () => ({ pattern: commit, lead: 0, pauses: 'up' }) },
  'after commit': { link: 'database', breakpoint: () => ({ pattern: commit, lead: 0, pauses: 'down' }) },
  'after publish': {
    link: 'broker',
    breakpoint: (service) => ({ pattern: publish(service), lead: 0, pauses: 'down' }),
  },
  'before ack': { link: 'broker', breakpoint: () => ({ pattern: ack, lead: 3, pauses: 'up' }) },
} as const satisfies Record<string, { link: 'database' | 'broker'; breakpoint(service: string): Breakpoint }>;
export type BreakpointName = keyof typeof breakpoints;
