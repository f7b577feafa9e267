import type { z } from 'zod';
import { type Check, createInternalServer, type InternalServer } from '../http/internal-server';
import { createHttpServer, type HttpServerOptions } from '../http/server';
import { createLogger, type Logger } from '../observe/log';
import { watchPool } from '../observe/resource-metrics';
import { startTracing } from '../observe/trace';
import { type Database, type DatabaseOptions, openDatabase } from '../postgres/database';
import { openPatience, type Patience } from '../postgres/patience';
import { probeDatabase } from '../postgres/probe';
import { type ServiceName, services } from '../services';
import { type foundationSettings, readConfigOrExit } from './config';
import { Lifecycle } from './lifecycle';
import { waitUntilReachable } from './readiness';

/** What every service stands on, whether a checkout goes through it or not. */
export interface Foundation<Config> {
  readonly name: ServiceName;
  readonly config: Config;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  /** For requests that write and are not checkouts: many of them must not delay the saga. */
  readonly httpDatabase: Database;
  /** For requests that only read: writes that wait for a lock must not delay them. */
  readonly readDatabase: Database;
  /** For whatever clients wait for. */
  readonly patience: Patience;
  /** Opens a pool of its own for a purpose that must not wait for others. */
  openPool(purpose: string, poolSize: number, limits?: PoolLimits): Database;
}

/** How a pool differs from the others. */
export type PoolLimits = Pick<DatabaseOptions, 'lockTimeoutMs' | 'statementTimeoutMs' | 'wholeTables'>;

/** Longer than the longest waiting request. */
export const HTTP_GRACE_MS = 30_000;

/** Longer than the second after which PostgreSQL ends an autovacuum that is in the way. */
const HTTP_LOCK_TIMEOUT_MS = 2_000;

/** Reads the settings of a service, and opens what it needs for its requests. Nothing listens yet. */
export async function openFoundation<Settings extends z.ZodType<FoundationConfig>>(
  name: ServiceName,
  settings: Settings,
): Promise<Foundation<z.infer<Settings>>> {
  const config = readConfigOrExit(settings);
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const lifecycle = new Lifecycle(log, config.DRAIN_DELAY_MS);

  const tracing = await startTracing({ service: name, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
  lifecycle.addPart(tracing, (stop) => stop());
  const openPool: Foundation<z.infer<Settings>>['openPool'] = (purpose, poolSize, limits = {}) => {
    const database = openDatabase({
      name: `${name} ${purpose}`,
      url: config.DATABASE_URL,
      poolSize,
      log,
      ...limits,
    });
    watchPool(purpose, database.pool, poolSize);
    return lifecycle.addPart(database, ({ close }) => close());
  };
  const httpDatabase = openPool('http', config.HTTP_POOL_SIZE, { lockTimeoutMs: HTTP_LOCK_TIMEOUT_MS });
  const readDatabase = openPool('reads', config.HTTP_READ_POOL_SIZE);
  const patience = lifecycle.addPart(
    openPatience({
      probe: () => probeDatabase(`${name} probe`, config.DATABASE_URL),
      patienceMs: config.DATABASE_PATIENCE_MS,
      log,
    }),
    ({ stop }) => stop(),
  );
  return { name, config, log, lifecycle, httpDatabase, readDatabase, patience, openPool };
}

export type FoundationConfig = z.infer<ReturnType<typeof foundationSettings>>;

/**
 * Answers health checks and metrics, and waits until the database can be reached.
 * @param checks what the service cannot work without, by name
 */
export async function startInternalServer(
  { config, log, lifecycle, httpDatabase }: Foundation<FoundationConfig>,
  checks: Readonly<Record<string, Check>>,
): Promise<InternalServer> {
  const internal = lifecycle.addPart(createInternalServer({ log, checks }), ({ stop }) => stop());
  lifecycle.onStopping(internal.markDraining);
  await internal.start({ host: config.HOST, port: config.INTERNAL_PORT, variable: 'INTERNAL_PORT' });
  await waitUntilReachable(httpDatabase, log);
  return internal;
}

/** Answers requests: the last thing that a service starts, and the first that it stops. */
export async function startHttpServer(
  { name, config, log, lifecycle, httpDatabase, readDatabase, patience }: Foundation<FoundationConfig>,
  internal: InternalServer,
  {
    routes,
    access,
    isBusy = (kind) => (kind === 'reads' ? readDatabase : httpDatabase).pool.isBusy(),
  }: Pick<HttpServerOptions, 'routes' | 'access' | 'isBusy'>,
): Promise<void> {
  const http = lifecycle.addPart(
    createHttpServer({
      routes,
      log,
      access,
      patience,
      waits: services[name].waits,
      origins: config.CORS_ORIGINS,
      isBusy,
    }),
    ({ stop }) => stop(HTTP_GRACE_MS),
    HTTP_GRACE_MS + 1_000,
  );
  lifecycle.onStopping(http.announceStop);
  const port = await http.start({ host: config.HOST, port: config.PORT, variable: 'PORT' });
  internal.markStarted();
  log.info({ port, internal_port: config.INTERNAL_PORT }, `${name} is up`);
}
