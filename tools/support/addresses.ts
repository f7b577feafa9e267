import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { perService, type ServiceName, serviceNames, variableOf } from '../../shared/services';

const database = z.url({ protocol: /^postgres(ql)?$/ }).optional();
type DatabaseVariable = `${Uppercase<ServiceName>}_DATABASE_URL`;

/** Where the shop is; what is not set is looked for where `npm start` puts it. */
export const addressSettings = z.object({
  AMQP_URL: z.url({ protocol: /^amqps?$/ }).optional(),
  ...(Object.fromEntries(serviceNames.map((name) => [variableOf(name, 'DATABASE_URL'), database])) as Record<
    DatabaseVariable,
    typeof database
  >),
});
export type AddressConfig = z.infer<typeof addressSettings>;

/** URLs of the databases and the broker. */
export interface Addresses {
  readonly databases: Readonly<Record<ServiceName, string>>;
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
  const amqp = config.AMQP_URL;
  const named = perService((name) => config[variableOf(name, 'DATABASE_URL')]);
  const allNamed = Object.values(named).every((url) => url !== undefined);
  if (allNamed && amqp) {
    return { databases: named as Addresses['databases'], amqp };
  }
  // Loaded only here: a deployment names everything, and has neither a local shop nor the programs to look for one.
  const { home, portsFrom, rememberedPort } = await import('./layout.js');
  const { findRabbit } = await import('./rabbit.js');
  const ports = portsFrom(gatewayPort ?? rememberedPort());
  const passwordFile = join(home, 'postgres-password');
  if (!existsSync(passwordFile) && !allNamed) {
    const variables = serviceNames.map((name) => variableOf(name, 'DATABASE_URL')).join(', ');
    throw new Error(
      `There is no local shop to look at. Start one with "npm start", or set ${variables} and AMQP_URL to those of the shop.`,
    );
  }
  const local = (name: ServiceName) =>
    `postgresql://${name}:${readFileSync(passwordFile, 'utf8').trim()}@127.0.0.1:${ports.postgres}/${name}`;
  return {
    databases: perService((name) => named[name] ?? local(name)),
    amqp: (await findRabbit(amqp))?.amqpUrl ?? `amqp://guest:guest@127.0.0.1:${ports.rabbit.amqp}`,
  };
}
