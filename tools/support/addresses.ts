import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressConfig } from '../audit/config';

/** URLs of the three databases and the broker. */
export interface Addresses {
  readonly order: string;
  readonly payment: string;
  readonly stock: string;
  readonly amqp: string;
}

/**
 * What the environment names, and for the rest what `npm start` runs with on this machine.
 * @param gatewayPort that `npm start` was given, the last one unless told; the ports of everything follow from it
 */
export async function findAddresses(
  config: AddressConfig,
  gatewayPort: number | undefined,
): Promise<Addresses> {
  const { ORDER_DATABASE_URL: order, PAYMENT_DATABASE_URL: payment, STOCK_DATABASE_URL: stock } = config;
  const { AMQP_URL: amqp } = config;
  if (order && payment && stock && amqp) return { order, payment, stock, amqp };
  // Loaded only here, because a deployment sets all four and does not have it.
  const { home, portsFrom, rememberedPort } = await import('./layout.js');
  const { findRabbit } = await import('./rabbit.js');
  const ports = portsFrom(gatewayPort ?? rememberedPort());
  const passwordFile = join(home, 'postgres-password');
  if (!existsSync(passwordFile) && !(order && payment && stock)) {
    throw new Error(
      'There is no local shop to look at. Start one with "npm start", or set ORDER_DATABASE_URL, ' +
        'PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL to those of the shop.',
    );
  }
  const local = (database: string) =>
    `postgresql://${database}:${readFileSync(passwordFile, 'utf8').trim()}@127.0.0.1:${ports.postgres}/${database}`;
  return {
    order: order ?? local('order'),
    payment: payment ?? local('payment'),
    stock: stock ?? local('stock'),
    amqp: (await findRabbit(amqp))?.amqpUrl ?? `amqp://guest:guest@127.0.0.1:${ports.rabbit.amqp}`,
  };
}
