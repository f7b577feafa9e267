import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { brokerAddress, databaseAddress } from '../../shared/service/config';
import { perService, type ServiceName, serviceNames, variableOf } from '../../shared/services';

const database = databaseAddress.optional();
type DatabaseVariable = `${Uppercase<ServiceName>}_DATABASE_URL`;

/** The addresses of the shop. One that is not set defaults to that of `npm start`. */
export const addressSettings = z.object({
  AMQP_URL: brokerAddress.optional(),
  ...(Object.fromEntries(serviceNames.map((name) => [variableOf(name, 'DATABASE_URL'), database])) as Record<
    DatabaseVariable,
    typeof database
  >),
});
export type AddressConfig = z.infer<typeof addressSettings>;

/** Returns the environment variables that name these databases. */
export function databaseVariables(databases: Addresses['databases']): Record<string, string> {
  return Object.fromEntries(serviceNames.map((name) => [variableOf(name, 'DATABASE_URL'), databases[name]]));
}

/** URLs of the databases and the broker. */
export interface Addresses {
  readonly databases: Readonly<Record<ServiceName, string>>;
  readonly amqp: string;
}

/**
 * Returns the addresses that the environment names; the others are those of `npm start` on this machine.
 * @param gatewayPort the gateway's port, as given to `npm start`; by default that of the last start. All others follow
 * from it
 */
export async function findAddresses(
  config: AddressConfig,
  gatewayPort: number | undefined,
): Promise<Addresses> {
  const amqp = config.AMQP_URL;
  const named = perService((name) => config[variableOf(name, 'DATABASE_URL')]);
  const allNamed = Object.values(named).every((url) => url !== undefined);
  if (allNamed && amqp) {
    return { databases: named as Addresses['databases'], amqp };
  }
  // Loaded only here: a deployment sets every address, and its image has no local shop and no programs to find one.
  const { home, portsFrom, rememberedPort } = await import('./layout.js');
  const { findRabbit } = await import('./rabbit.js');
  const ports = portsFrom(gatewayPort ?? rememberedPort());
  const passwordFile = join(home, 'postgres-password');
  if (!existsSync(passwordFile) && !allNamed) {
    const variables = serviceNames.map((name) => variableOf(name, 'DATABASE_URL')).join(', ');
    throw new Error(
      `There is no local shop. Start one with "npm start", or set ${variables} and AMQP_URL to the addresses of a running shop.`,
    );
  }
  const local = (name: ServiceName) =>
    `postgresql://${name}:${readFileSync(passwordFile, 'utf8').trim()}@127.0.0.1:${ports.postgres}/${name}`;
  return {
    databases: perService((name) => named[name] ?? local(name)),
    amqp: (await findRabbit(amqp))?.amqpUrl ?? `amqp://guest:guest@127.0.0.1:${ports.rabbit.amqp}`,
  };
}
