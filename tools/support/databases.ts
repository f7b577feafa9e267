import type { Logger } from '../../shared/observe/log';
import { openDatabase } from '../../shared/postgres/database';
import type { Books } from '../audit/snapshots';

/** One snapshot of each database is open at a time, and one connection is left for the question whether it answers. */
const POOL_SIZE = 2;

/**
 * Opens the books; nothing is connected before something is read.
 * @param statementMs how long a statement may take, where that is longer than a service's may
 */
export function openBooks(
  urls: { order: string; payment: string; stock: string },
  log: Logger,
  statementMs?: number,
): Books & { close(): Promise<void> } {
  const open = (url: string) =>
    openDatabase({
      url: statementMs === undefined ? url : patient(url, statementMs),
      poolSize: POOL_SIZE,
      log,
      wholeTables: true,
    });
  const books: Books = { order: open(urls.order), payment: open(urls.payment), stock: open(urls.stock) };
  return {
    ...books,
    async close() {
      await Promise.all(Object.values(books).map((database) => database.close()));
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
export async function mustBeReachable({ order, payment, stock }: Partial<Books>): Promise<void> {
  for (const [name, database] of Object.entries({ order, payment, stock })) {
    await database?.ready().catch((error: Error) => {
      throw new Error(
        `The database of ${name} cannot be read. Is the shop running? Otherwise set ${name.toUpperCase()}_DATABASE_URL.`,
        { cause: error.cause ?? error },
      );
    });
  }
}
