import type { Logger } from '../../shared/observe/log';
import { type Database, openDatabase } from '../../shared/postgres/database';
import { perService, type ServiceName, serviceNames, variableOf } from '../../shared/services';

/** The database of each service. */
export type ShopDatabases = Readonly<Record<ServiceName, Database>>;

/** One snapshot of each database is open at a time, and one connection is left for the question whether it answers. */
const POOL_SIZE = 2;

/**
 * Opens the databases of a shop; nothing is connected before something is read.
 * @param statementMs how long a statement may take, where that is longer than a service's may
 */
export function openDatabases(
  urls: Readonly<Record<ServiceName, string>>,
  log: Logger,
  statementMs?: number,
): ShopDatabases & { close(): Promise<void> } {
  const databases = perService((name) =>
    openDatabase({
      url: statementMs === undefined ? urls[name] : patient(urls[name], statementMs),
      poolSize: POOL_SIZE,
      log,
      wholeTables: true,
    }),
  );
  return {
    ...databases,
    async close() {
      await Promise.all(Object.values(databases).map((database) => database.close()));
    },
  };
}

/** node-postgres goes by what the address says before it goes by a service's settings. */
function patient(url: string, statementMs: number): string {
  const address = new URL(url);
  address.searchParams.set('statement_timeout', String(statementMs));
  // The server's limit cannot reach us when the network is gone; ours lets it go first.
  address.searchParams.set('query_timeout', String(statementMs + 5_000));
  return address.href;
}

/** @throws Error that says which database cannot be read, and what to do */
export async function mustBeReachable(databases: Partial<ShopDatabases>): Promise<void> {
  for (const name of serviceNames) {
    await databases[name]?.ready().catch((error: Error) => {
      throw new Error(
        `The database of ${name} cannot be read. Is the shop running? Otherwise set ${variableOf(name, 'DATABASE_URL')}.`,
        { cause: error.cause ?? error },
      );
    });
  }
}
