import { z } from 'zod';
import { port, readConfig } from '../../shared/service/config';

/** Addresses separated by commas: one for each replica of a service. */
const addresses = z.string().transform((list) => list.split(',').map((address) => new URL(address.trim())));

/** The gateway's settings. A service's public and internal addresses are in the same order. */
export const gatewayConfig = () =>
  readConfig(
    z.object({
      HOST: z.string().min(1).default('127.0.0.1'),
      GATEWAY_PORT: port(8000),
      ORDER_URLS: addresses.default([new URL('http://127.0.0.1:8001')]),
      ORDER_INTERNAL_URLS: addresses.default([new URL('http://127.0.0.1:9001')]),
      PAYMENT_URLS: addresses.default([new URL('http://127.0.0.1:8002')]),
      PAYMENT_INTERNAL_URLS: addresses.default([new URL('http://127.0.0.1:9002')]),
      STOCK_URLS: addresses.default([new URL('http://127.0.0.1:8003')]),
      STOCK_INTERNAL_URLS: addresses.default([new URL('http://127.0.0.1:9003')]),
      LOG_LEVEL: z.string().default('info'),
      LOG_FORMAT: z.enum(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
    }),
  );
