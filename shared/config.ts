import { z } from 'zod';

/** A TCP port. */
export const port = (standard: number) => z.coerce.number().int().min(0).max(65_535).default(standard);
/** A whole number of something, of milliseconds for instance. */
export const count = (standard: number, min = 1) =>
  z.coerce.number().int().min(min).max(10_000_000).default(standard);
export const onOff = z
  .enum(['on', 'off'])
  .default('off')
  .transform((value) => value === 'on');

/** The settings that every service has. The README's configuration table describes them. */
export function serviceSettings(standard: { port: number; internalPort: number }) {
  return z.object({
    HOST: z.string().min(1).default('0.0.0.0'),
    PORT: port(standard.port),
    INTERNAL_PORT: port(standard.internalPort),
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
    AMQP_URL: z.url({ protocol: /^amqps?$/ }),
    POOL_SIZE: count(10, 2),
    BATCH_SIZE: count(256),
    BATCHES_IN_FLIGHT: count(2),
    PREFETCH: count(50),
    DRAIN_DELAY_MS: count(0, 0),
    BATCH_INIT: onOff,
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    LOG_FORMAT: z.enum(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  });
}
export type ServiceConfig = z.infer<ReturnType<typeof serviceSettings>>;

/**
 * Reads the environment once. An empty variable counts as not set.
 * @throws Error naming every variable that is missing or unusable
 */
export function readConfig<T extends z.ZodType>(settings: T): z.infer<T> {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const read = settings.safeParse(given);
  if (read.success) return read.data;
  const faults = read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(
    `Set these environment variables (the README's configuration table explains them):\n${faults.join('\n')}`,
  );
}
