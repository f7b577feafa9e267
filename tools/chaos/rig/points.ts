import { exchangeOf } from '../../../shared/rabbit/topology';
import type { Point } from './link';

/** A query message of the PostgreSQL protocol: Q, its length, the text and a zero. */
const commit = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

/** An AMQP frame of 13 bytes with method 60.80, basic.ack; a type and a channel, three bytes, stand before its length. */
const ack = Buffer.from([0, 0, 0, 13, 0, 60, 0, 80]);

/** Method 60.40, basic.publish, with two reserved bytes and the exchange; it is an event only if it goes to the service's own. */
function publish(service: string): Buffer {
  const exchange = exchangeOf(service);
  return Buffer.concat([Buffer.from([0, 60, 0, 40, 0, 0, exchange.length]), Buffer.from(exchange, 'latin1')]);
}

/** The moments at which the death of a process tells whether its promises hold. */
export const points = {
  'before commit': { link: 'database', point: () => ({ pattern: commit, lead: 0, holds: 'up' }) },
  'after commit': { link: 'database', point: () => ({ pattern: commit, lead: 0, holds: 'down' }) },
  'after publish': {
    link: 'broker',
    point: (service) => ({ pattern: publish(service), lead: 0, holds: 'down' }),
  },
  'before ack': { link: 'broker', point: () => ({ pattern: ack, lead: 3, holds: 'up' }) },
} as const satisfies Record<string, { link: 'database' | 'broker'; point(service: string): Point }>;
export type PointName = keyof typeof points;
