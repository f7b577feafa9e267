import { serviceOf } from '../../shared/contract/events';
import { createLogger } from '../../shared/observe/log';
import type { ParticipantName } from '../../shared/services';
import { findAddresses } from '../support/addresses';
import type { ShopDatabases } from '../support/databases';
import { openDatabases } from '../support/databases';
import { operateConfig } from './config';

/** The databases and the broker that the operators' commands work on. */
export interface ShopConnections {
  readonly databases: ShopDatabases;
  readonly amqpUrl: string;
}

/** Returns the service that consumes a queue. Its database records what operators do to the queue's dead letters. */
export function ownerOf(queue: string): ParticipantName {
  return serviceOf(queue) as ParticipantName;
}

/** @param gatewayPort the port of `npm start`; it matters only for addresses that the environment leaves out */
export async function withConnections<T>(
  gatewayPort: number | undefined,
  work: (shop: ShopConnections) => Promise<T>,
): Promise<T> {
  const addresses = await findAddresses(operateConfig(), gatewayPort);
  const { close, ...databases } = openDatabases(
    'operate',
    addresses.databases,
    createLogger({ service: 'operate', level: 'silent', format: 'json' }),
  );
  try {
    return await work({ databases, amqpUrl: addresses.amqp });
  } finally {
    await close();
  }
}
