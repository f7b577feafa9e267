import type { Outbox } from '../../../shared/outbox/outbox';
import type { Database } from '../../../shared/postgres/database';
import type { PrismaClient } from '../../prisma/client/client';
import type { Levels } from '../levels';
import type { QueryCache } from '../query-cache';
import type { Votes } from '../votes/votes';
import type { Lists } from './lists';
import type { Purchases } from './purchases';

/** What the routes are built from. */
export interface CatalogHttp {
  readonly database: Database;
  /** Writes and publishes the events of requests. */
  readonly outbox: Pick<Outbox, 'store' | 'publish'>;
  /** For reads of a row. */
  readonly prisma: PrismaClient;
  /** For lists. */
  readonly lists: Lists;
  readonly cache: QueryCache;
  readonly levels: Pick<Levels, 'get' | 'ask'>;
  readonly votes: Pick<Votes, 'count'>;
  readonly purchases: Purchases;
}
