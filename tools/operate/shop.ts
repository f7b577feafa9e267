import { createLogger } from '../../shared/observe/log';
import type { Books } from '../audit/snapshots';
import { findAddresses } from '../support/addresses';
import { openBooks } from '../support/databases';
import { operateConfig } from './config';

/** What an operator's functions work on. */
export interface Shop {
  readonly databases: Books;
  readonly amqpUrl: string;
}

export const serviceNames = ['order', 'payment', 'stock'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The service that consumes a queue, and in whose database it is noted what an operator did to its dead letters. */
export function ownerOf(queue: string): ServiceName {
  return queue.slice(0, queue.indexOf('.')) as ServiceName;
}

/** @param gatewayPort that `npm start` was given; it matters only for what the environment does not name */
export async function withShop<T>(
  gatewayPort: number | undefined,
  work: (shop: Shop) => Promise<T>,
): Promise<T> {
  const addresses = await findAddresses(operateConfig(), gatewayPort);
  const { close, ...databases } = openBooks(
    addresses,
    createLogger({ service: 'operate', level: 'silent', format: 'json' }),
  );
  try {
    return await work({ databases, amqpUrl: addresses.amqp });
  } finally {
    await close();
  }
}
