import { serviceOf } from '../../shared/contract/events';
import { createLogger } from '../../shared/observe/log';
import type { ServiceName } from '../../shared/services';
import { findAddresses } from '../support/addresses';
import type { ShopDatabases } from '../support/databases';
import { openDatabases } from '../support/databases';
import { operateConfig } from './config';

/** What an operator's functions work on. */
export interface ShopConnections {
  readonly databases: ShopDatabases;
  readonly amqpUrl: string;
}

/** The service that consumes a queue, and in whose database it is noted what an operator did to its dead letters. */
export function ownerOf(queue: string): ServiceName {
  return serviceOf(queue) as ServiceName;
}

/** @param gatewayPort that `npm start` was given; it matters only for what the environment does not name */
export async function withConnections<T>(
  gatewayPort: number | undefined,
  work: (shop: ShopConnections) => Promise<T>,
): Promise<T> {
  const addresses = await findAddresses(operateConfig(), gatewayPort);
  const { close, ...databases } = openDatabases(
    addresses.databases,
    createLogger({ service: 'operate', level: 'silent', format: 'json' }),
  );
  try {
    return await work({ databases, amqpUrl: addresses.amqp });
  } finally {
    await close();
  }
}
