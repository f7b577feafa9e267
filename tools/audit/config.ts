import { z } from 'zod';
import { count, port, readConfig } from '../../shared/service/config';
import { addressSettings } from '../support/addresses';

export const auditConfig = () =>
  readConfig(
    addressSettings.extend({
      /** With --watch: where health and metrics are served, and the pause between two audits. */
      HOST: z.string().min(1).optional(),
      AUDIT_PORT: port(9004),
      AUDIT_INTERVAL_MS: count(60_000),
      /** How long an audit may take. It reads whole tables, and they grow. */
      AUDIT_TIMEOUT_MS: count(600_000, 100, 86_400_000),
      LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
      LOG_FORMAT: z.enum(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
    }),
  );
