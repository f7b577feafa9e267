import { type Statement, statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';

/**
 * Compares what two databases say about the same sagas without copying either: each computes a digest for each of 4,096
 * buckets of sagas, and only the buckets whose digests differ are compared saga by saga.
 */
export interface Comparable {
  readonly digests: Statement<Digest>;
  readonly entries: Statement<Entry>;
}

interface Digest {
  bucket: number;
  digest: string;
}
interface Entry {
  saga_id: string;
  digest: string;
}

/** Buckets that are compared together. This limits memory: with 1,000,000 sagas, a bucket has 250. */
const BUCKETS_AT_ONCE = 256;

/**
 * @param rows a query for the columns saga_id and entry (text), any number of rows for each saga; its $1 is the age in
 *   milliseconds that a row must have to be compared, or null for any age
 */
export function comparable(name: string, rows: string): Comparable {
  const hashed = `
    SELECT saga_id, hashtextextended(saga_id::text, 0) & 4095 AS bucket,
           hashtextextended(saga_id::text || ' ' || entry, 0) AS hash
    FROM (${rows}) AS compared`;
  const digest = `count(*) || ':' || bit_xor(hash) AS digest`;
  return {
    digests: statement(
      `audit_digests_${name}`,
      `SELECT bucket, ${digest} FROM (${hashed}) AS hashed GROUP BY bucket`,
    ),
    entries: statement(
      `audit_entries_${name}`,
      `SELECT saga_id, ${digest} FROM (${hashed}) AS hashed WHERE bucket = ANY($2::bigint[]) GROUP BY saga_id`,
    ),
  };
}

/** Yields the ids of the sagas on which the two sides disagree, a batch at a time. */
export async function* differences(
  [left, leftTx]: readonly [Comparable, Reader],
  [right, rightTx]: readonly [Comparable, Reader],
  olderThanMs: number | null,
): AsyncGenerator<string[]> {
  const [leftDigests, rightDigests] = await Promise.all([
    leftTx.run(left.digests, [olderThanMs]),
    rightTx.run(right.digests, [olderThanMs]),
  ]);
  const buckets = differing(
    new Map(leftDigests.map((row) => [row.bucket, row.digest])),
    new Map(rightDigests.map((row) => [row.bucket, row.digest])),
  );
  for (let i = 0; i < buckets.length; i += BUCKETS_AT_ONCE) {
    const batch = buckets.slice(i, i + BUCKETS_AT_ONCE);
    const [leftEntries, rightEntries] = await Promise.all([
      leftTx.run(left.entries, [olderThanMs, batch]),
      rightTx.run(right.entries, [olderThanMs, batch]),
    ]);
    yield differing(
      new Map(leftEntries.map((row) => [row.saga_id, row.digest])),
      new Map(rightEntries.map((row) => [row.saga_id, row.digest])),
    );
  }
}

/** Returns the keys that only one of the maps has, or whose values differ. */
function differing<K>(left: ReadonlyMap<K, string>, right: ReadonlyMap<K, string>): K[] {
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys].filter((key) => left.get(key) !== right.get(key));
}
