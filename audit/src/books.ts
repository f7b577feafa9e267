import type { Logger } from '../../shared/observe/log';
import { openDatabase } from '../../shared/postgres/database';
import type { Books } from './reading';

/** One snapshot of each database is open at a time, and one connection is left for the question whether it answers. */
const POOL_SIZE = 2;

/** Opens the books; nothing is connected before something is read. */
export function openBooks(
  urls: { order: string; payment: string; stock: string },
  log: Logger,
): Books & { close(): Promise<void> } {
  const open = (url: string) => openDatabase({ url, poolSize: POOL_SIZE, log });
  const books: Books = { order: open(urls.order), payment: open(urls.payment), stock: open(urls.stock) };
  return {
    ...books,
    async close() {
      await Promise.all(Object.values(books).map((database) => database.close()));
    },
  };
}

/** @throws Error that says which database cannot be read, and what to do */
export async function mustBeReachable(books: Books): Promise<void> {
  for (const [name, database] of Object.entries({
    order: books.order,
    payment: books.payment,
    stock: books.stock,
  })) {
    await database.ready().catch((error: Error) => {
      throw new Error(
        `The database of ${name} cannot be read. Is the shop running? Otherwise set ${name.toUpperCase()}_DATABASE_URL.`,
        { cause: error.cause ?? error },
      );
    });
  }
}
