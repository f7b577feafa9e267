import { z } from 'zod';
import { pages, pagesNames } from '../../../shared/pages';
import { address, count, oneOf, port } from '../../../shared/service/config';
import { INTERNAL_PORTS } from '../../../shared/services';

export const settings = z
  .object({
    /** Whose pages are served. */
    PAGES: oneOf(pagesNames),
    /** Without it, every address: see shared/http/listen.ts. */
    HOST: z.string().min(1).optional(),
    /** Without it, the port of these pages in shared/pages.ts. */
    PORT: port(0).unwrap().optional(),
    INTERNAL_PORT: port(0).unwrap().optional(),
    /** Where the shop's API is. Without it, the pages ask the address that they came from, so a gateway has to be there. */
    API_URL: address(/^https?$/, 'http://127.0.0.1:8000').optional(),
    DRAIN_DELAY_MS: count(0, 0, 600_000),
    LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    LOG_FORMAT: oneOf(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
  })
  .transform((given) => ({
    ...given,
    PORT: given.PORT ?? pages[given.PAGES].port,
    INTERNAL_PORT: given.INTERNAL_PORT ?? pages[given.PAGES].port + INTERNAL_PORTS,
  }));
