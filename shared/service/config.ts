import { accessSync, constants } from 'node:fs';
import { z } from 'zod';
import { isDecodable } from '../credentials';
import { INTERNAL_PORTS, type ParticipantName, type ServiceName, services } from '../services';

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

/** An address that may name the file of an authority in one of its parameters. */
function trusting(of: ReturnType<typeof address>, parameter: string) {
  return of.refine((text) => parametersOf(text, parameter).every(isReadable), {
    error: `names a file in its parameter ${parameter} that cannot be read`,
  });
}

/** Returns nothing for what is no URL: another check refuses that. */
function parametersOf(text: string, name: string): string[] {
  return URL.canParse(text) ? new URL(text).searchParams.getAll(name) : [];
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

export const brokerAddress = trusting(
  address(/^amqps?$/, 'amqp://user:password@host:5672'),
  'cacertfile',
).refine((text) => text.startsWith('amqps:') || parametersOf(text, 'cacertfile').length === 0, {
  error: 'has a cacertfile, so it must begin with amqps://: amqp:// is without TLS',
});

/**
 * Programs differ in what PostgreSQL's other modes check, and in which of several they take. None of them makes sure who the
 * server is.
 */
function saysWhetherToVerify(text: string): boolean {
  const of = (name: string) => parametersOf(text, name).join();
  const isVerified = of('sslmode') === 'verify-full';
  return (
    of('ssl') === '' && (isVerified || (['', 'disable'].includes(of('sslmode')) && of('sslrootcert') === ''))
  );
}

/** Written out in full, because node-postgres misreads escapes beside a space that is not escaped. */
export const databaseAddress = trusting(
  address(/^postgres(ql)?$/, 'postgresql://user:password@host:5432/database'),
  'sslrootcert',
)
  .refine(saysWhetherToVerify, {
    error: 'must have sslmode=verify-full, or nothing about SSL where the network is trusted',
  })
  .transform((text) => new URL(text).href);

/** Origins as browsers write them: with a scheme, in lower case, and without a path or a port that is the scheme's own. */
const origins = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter((origin) => origin !== ''))
  .refine((given) => given.every(isOrigin), {
    error: 'must be origins such as https://shop.example.com, separated by commas',
  });

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** The issuer of tokens, whose address tokens repeat letter by letter. */
export const issuerAddress = address(/^https?$/, 'https://accounts.example.com').refine(
  (text) => !/[@?#]/.test(text),
  'must be an address without user, query and fragment',
);
/** What tokens are for. */
export const audience = z.string().min(1).default('chandlery');

/** The settings that every service has. docs/configuration.md describes them. */
export function foundationSettings(name: ServiceName) {
  const service = services[name];
  return z.object({
    /** Without it, every address: see shared/http/listen.ts. */
    HOST: z.string().min(1).optional(),
    PORT: port(service.port),
    INTERNAL_PORT: port(service.port + INTERNAL_PORTS),
    DATABASE_URL: databaseAddress,
    HTTP_POOL_SIZE: count(5, 1, 1_000),
    HTTP_READ_POOL_SIZE: count(5, 1, 1_000),
    DATABASE_PATIENCE_MS: count(20_000, 0, 60_000),
    DRAIN_DELAY_MS: count(0, 0, 600_000),
    /** Whose pages may use the API besides the shop's own. */
    CORS_ORIGINS: origins,
    LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    LOG_FORMAT: oneOf(['json', 'pretty']).default(process.stdout.isTTY ? 'pretty' : 'json'),
    OTEL_EXPORTER_OTLP_ENDPOINT: address(/^https?$/, 'http://localhost:4318').optional(),
  });
}

/** The settings of a service that takes part in the saga. */
export function participantSettings(name: ParticipantName) {
  return foundationSettings(name).extend({
    AMQP_URL: brokerAddress,
    /** Which of the broker's exchanges and queues are declared, and not only checked: see shared/rabbit/open-topology.ts. */
    TOPOLOGY: oneOf(['declare', 'own', 'check']).default('declare'),
    POOL_SIZE: count(10, 2, 1_000),
    BATCH_SIZE: count(256, 1, 10_000),
    BATCHES_IN_FLIGHT: count(1, 1, 100),
    PREFETCH: count(4, 1, 65_535),
    BATCH_INIT: oneOf(['on', 'off'])
      .default('off')
      .transform((value) => value === 'on'),
    /** Whether everybody may do everything, or a token of AUTH_ISSUER says who may do what: see shared/access. */
    ACCESS: oneOf(['open', 'required']).default('required'),
    AUTH_ISSUER: issuerAddress.optional(),
    AUTH_KEYS_URL: address(/^https?$/, 'https://accounts.example.com/jwks.json').optional(),
    AUTH_AUDIENCE: audience,
    AUTH_ROLES_CLAIM: z.string().min(1).default('roles'),
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

/** For programs: prints what is wrong, and ends the process. */
export function readConfigOrExit<Settings extends z.ZodType>(settings: Settings): z.infer<Settings> {
  try {
    return readConfig(settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    console.error(error.message);
    process.exit(CONFIG_EXIT_CODE);
  }
}
