import type { Logger } from '../../shared/observe/log';
import { type Database, openDatabase } from '../../shared/postgres/database';
import { type ParticipantName, participantNames, perParticipant, variableOf } from '../../shared/services';

/** The database of each service. */
export type ShopDatabases = Readonly<Record<ParticipantName, Database>>;

/** One connection for the snapshot (only one is open at a time), and one to check whether the database answers. */
const POOL_SIZE = 2;

/**
 * Opens the databases of a shop. Nothing connects before something is read.
 * @param name who connects, such as "audit"
 * @param statementMs the time limit of a statement, if it must be longer than in a service
 */
export function openDatabases(
  name: string,
  urls: Readonly<Record<ParticipantName, string>>,
  log: Logger,
  statementMs?: number,
): ShopDatabases & { close(): Promise<void> } {
  const databases = perParticipant((service) =>
    openDatabase({
      name,
      url: statementMs === undefined ? urls[service] : withTimeouts(urls[service], statementMs),
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

/** In node-postgres, what the URL says takes precedence over a service's settings. */
function withTimeouts(url: string, statementMs: number): string {
  const address = new URL(url);
  address.searchParams.set('statement_timeout', String(statementMs));
  // The server's timeout cannot reach us when the network is down. Ours is longer, so that the server's comes first.
  address.searchParams.set('query_timeout', String(statementMs + 5_000));
  return address.href;
}

/** @throws Error that says which database cannot be read and what to do */
export async function mustBeReachable(databases: Partial<ShopDatabases>): Promise<void> {
  for (const name of participantNames) {
    await databases[name]?.ready().catch((error: Error) => {
      throw new Error(
        `The database of ${name} cannot be read. Is the shop running? ` +
          `If it runs elsewhere, set ${variableOf(name, 'DATABASE_URL')}.`,
        { cause: error.cause ?? error },
      );
    });
  }
}
