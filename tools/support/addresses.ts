import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { brokerAddress, databaseAddress } from '../../shared/service/config';
import {
  type ParticipantName,
  participantNames,
  perParticipant,
  type ServiceName,
  variableOf,
} from '../../shared/services';

const database = databaseAddress.optional();
type DatabaseVariable = `${Uppercase<ParticipantName>}_DATABASE_URL`;

/** The addresses of the shop. One that is not set defaults to that of `npm start`. */
export const addressSettings = z.object({
  AMQP_URL: brokerAddress.optional(),
  ...(Object.fromEntries(
    participantNames.map((name) => [variableOf(name, 'DATABASE_URL'), database]),
  ) as Record<DatabaseVariable, typeof database>),
});
export type AddressConfig = z.infer<typeof addressSettings>;

/** Returns the environment variables that name these databases. */
export function databaseVariables(databases: Addresses['databases']): Record<string, string> {
  return Object.fromEntries(
    participantNames.map((name) => [variableOf(name, 'DATABASE_URL'), databases[name]]),
  );
}

/** URLs of the databases and the broker. */
export interface Addresses {
  readonly databases: Readonly<Record<ParticipantName, string>>;
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
  const named = perParticipant((name) => config[variableOf(name, 'DATABASE_URL')]);
  const allNamed = Object.values(named).every((url) => url !== undefined);
  if (allNamed && amqp) {
    return { databases: named as Addresses['databases'], amqp };
  }
  // Loaded only here: a deployment sets every address, and its image has no local shop and no programs to find one.
  const { certificates, portsFrom, rememberedShop } = await import('./layout.js');
  const { amqpTrust, authorityIn } = await import('./certificates.js');
  const { findRabbit } = await import('./rabbit.js');
  const { port, speaksTls } = rememberedShop();
  const { rabbit } = portsFrom(gatewayPort ?? port);
  const at = `guest:guest@127.0.0.1:${rabbit.amqp}`;
  const variables = [...participantNames.map((name) => variableOf(name, 'DATABASE_URL')), 'AMQP_URL'];
  const local = allNamed ? undefined : await localDatabases(gatewayPort, variables);
  return {
    databases: perParticipant((name) => named[name] ?? local?.(name) ?? ''),
    amqp:
      (await findRabbit(amqp))?.amqpUrl ??
      (speaksTls.rabbit ? `amqps://${at}${amqpTrust(authorityIn(certificates))}` : `amqp://${at}`),
  };
}

/**
 * Returns the addresses of the databases that `npm start` made on this machine.
 * @param variables what to set for any other shop
 */
export async function localDatabases(
  gatewayPort: number | undefined,
  variables: readonly string[],
): Promise<(name: ServiceName) => string> {
  const { certificates, home, portsFrom, rememberedShop } = await import('./layout.js');
  const { authorityIn, postgresTrust } = await import('./certificates.js');
  const { port, speaksTls } = rememberedShop();
  const { postgres } = portsFrom(gatewayPort ?? port);
  const passwordFile = join(home, 'postgres-password');
  if (!existsSync(passwordFile)) {
    throw new Error(
      `There is no local shop. Start one with "npm start", or set ${variables.join(', ')} to the addresses of a running shop.`,
    );
  }
  const password = readFileSync(passwordFile, 'utf8').trim();
  const trust = speaksTls.postgres ? postgresTrust(authorityIn(certificates)) : '';
  return (name) => `postgresql://${name}:${password}@127.0.0.1:${postgres}/${name}${trust}`;
}
