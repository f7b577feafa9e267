import { LRUCache } from 'lru-cache';
import { reads } from './metrics';

/**
 * What has been asked lately is answered from memory. However many ask the same at the same time, one query answers them; no
 * answer is older than a second when it leaves; and what shopkeepers change at this replica is seen at once. Votes are not: there are so many
 * that hardly any answer would be kept.
 */
export interface QueryCache {
  /** @param key says what is asked. The same key must always come with the same query */
  get<T extends object>(key: string, query: () => Promise<T>): Promise<T>;
  /** Forgets everything. Call it after the commit of a change. */
  clear(): void;
}

/** Also what clients are told: see `Route.freshSeconds`. */
export const FRESH_SECONDS = 1;
/** Of all answers, in characters of JSON. */
const MAX_SIZE = 16 * 1024 * 1024;

export function openQueryCache(): QueryCache {
  type Query = () => Promise<object>;
  const cache = new LRUCache<string, object, Query>({
    maxSize: MAX_SIZE,
    sizeCalculation: (answer, key) => key.length + JSON.stringify(answer).length,
    ttl: FRESH_SECONDS * 1_000,
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context: query }) => query(),
  });
  /** A query that began before a change must not answer what is asked after it. */
  let generation = 0;
  return {
    async get<T extends object>(key: string, query: () => Promise<T>): Promise<T> {
      const status: LRUCache.Status<string, object, Query> = {};
      const answer = await cache.fetch(`${generation} ${key}`, { context: query, status });
      reads.inc({ result: RESULTS[status.fetch ?? 'miss'] });
      return answer as T;
    },
    clear() {
      generation++;
      cache.clear();
    },
  };
}

/** By what the library says that it did. */
const RESULTS = {
  hit: 'hit',
  inflight: 'shared',
  miss: 'miss',
  stale: 'miss',
  refresh: 'miss',
  get: 'hit',
} as const;
