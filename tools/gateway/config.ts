import { z } from 'zod';
import { oneOf, port, readConfig } from '../../shared/service/config';
import {
  INTERNAL_PORTS,
  isCheckoutName,
  perService,
  type ServiceName,
  serviceNames,
  services,
  variableOf,
} from '../../shared/services';
import { STANDARD_PORT } from '../support/layout';

/** Addresses separated by commas, one for each replica of a service. */
const addresses = z.string().transform((list) => list.split(',').map((address) => new URL(address.trim())));

type AddressVariable = `${Uppercase<ServiceName>}_${'URLS' | 'INTERNAL_URLS'}`;

/** A shop has the services that a checkout goes through, and whatever else an address is set for. */
const addressSettings = Object.fromEntries(
  serviceNames.flatMap((name) => {
    const { port } = services[name];
    const standard = (at: number) =>
      isCheckoutName(name) ? addresses.default([new URL(`http://127.0.0.1:${at}`)]) : addresses.optional();
    return [
      [variableOf(name, 'URLS'), standard(port)],
      [variableOf(name, 'INTERNAL_URLS'), standard(port + INTERNAL_PORTS)],
    ];
  }),
) as unknown as Record<AddressVariable, z.ZodOptional<typeof addresses>>;

const settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: port(STANDARD_PORT),
  /** Where the pages for buyers are. Without it, there is only the API. */
  PAGES_URL: z
    .url()
    .transform((address) => new URL(address))
    .optional(),
  LOG_LEVEL: z.string().default('info'),
  LOG_FORMAT: oneOf(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
  ...addressSettings,
});

/** Returns the gateway's settings. The public and internal addresses of a service's replicas are in the same order: none if the shop does not have it. */
export function gatewayConfig() {
  const config = readConfig(settings);
  return {
    ...config,
    services: perService((name) => ({
      urls: config[variableOf(name, 'URLS')] ?? [],
      internalUrls: config[variableOf(name, 'INTERNAL_URLS')] ?? [],
    })),
  };
}
