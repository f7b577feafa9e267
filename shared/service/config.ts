import { z } from 'zod';
import { isDecodable } from '../credentials';
import { INTERNAL_PORTS, type ServiceName, services } from '../services';

/** A setting that is a whole number, for instance of milliseconds. */
export function count(fallback: number, min = 1, max = 10_000_000) {
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number)
    .default(fallback);
}

/** A TCP port. */
export const port = (fallback: number) => count(fallback, 0, 65_535);

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** An address. Its value is never shown, because it may contain a password. */
export const address = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `must be an address such as ${example}` }).refine(isDecodable, {
    error: 'has a % that begins no UTF-8 character in its user, password or path: write %25 for %',
  });

export const brokerAddress = address(/^amqps?$/, 'amqp://user:password@host:5672');
/** Written out in full, because node-postgres misreads escapes beside a space that is not escaped. */
export const databaseAddress = address(
  /^postgres(ql)?$/,
  'postgresql://user:password@host:5432/database',
).transform((text) => new URL(text).href);

/** The settings that every service has. docs/configuration.md describes them. */
export function serviceSettings(name: ServiceName) {
  const service = services[name];
  return z.object({
    /** Without it, every address: see shared/http/listen.ts. */
    HOST: z.string().min(1).optional(),
    PORT: port(service.port),
    INTERNAL_PORT: port(service.port + INTERNAL_PORTS),
    DATABASE_URL: databaseAddress,
    AMQP_URL: brokerAddress,
    /** Which of the broker's exchanges and queues are declared, and not only checked: see shared/rabbit/open-topology.ts. */
    TOPOLOGY: oneOf(['declare', 'own', 'check']).default('declare'),
    POOL_SIZE: count(10, 2, 1_000),
    HTTP_POOL_SIZE: count(5, 1, 1_000),
    HTTP_READ_POOL_SIZE: count(5, 1, 1_000),
    BATCH_SIZE: count(256, 1, 10_000),
    BATCHES_IN_FLIGHT: count(1, 1, 100),
    PREFETCH: count(4, 1, 65_535),
    DATABASE_PATIENCE_MS: count(20_000, 0, 60_000),
    /** Whether everybody may do everything, or a token of AUTH_ISSUER says who may do what: see shared/access. */
    ACCESS: oneOf(['open', 'required']).default('required'),
    AUTH_ISSUER: address(/^https?$/, 'https://accounts.example.com')
      .refine((text) => !/[@?#]/.test(text), 'must be an address without user, query and fragment')
      .optional(),
    AUTH_AUDIENCE: z.string().min(1).default('chandlery'),
    AUTH_ROLES_CLAIM: z.string().min(1).default('roles'),
    DRAIN_DELAY_MS: count(0, 0, 600_000),
    BATCH_INIT: oneOf(['on', 'off'])
      .default('off')
      .transform((value) => value === 'on'),
    LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    LOG_FORMAT: oneOf(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
    OTEL_EXPORTER_OTLP_ENDPOINT: address(/^https?$/, 'http://localhost:4318').optional(),
  });
}

/** The exit code for missing or invalid settings: EX_CONFIG of sysexits.h. */
export const CONFIG_EXIT_CODE = 78;

/** Settings are missing or invalid. That is a person's mistake, so the message is in plain sentences. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment once. An empty variable counts as not set.
 * @throws ConfigError naming every variable that is missing or invalid
 */
export function readConfig<T extends z.ZodType>(settings: T): z.infer<T> {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const read = settings.safeParse(given);
  if (read.success) {
    return read.data;
  }
  const faults = read.error.issues.map(({ path, message, code }) => {
    const name = path.join('.');
    return `  ${name} ${name in given || code === 'custom' ? message : 'is not set'}`;
  });
  throw new ConfigError(
    `These environment variables are missing or not valid (see docs/configuration.md):\n${faults.join('\n')}`,
  );
}
