import { setTimeout as sleep } from 'node:timers/promises';
import { busy, Refusal } from '../../../shared/http/problem';
import type { Database } from '../../../shared/postgres/database';
import { recordStaff, type StaffRequest } from '../../../shared/postgres/staff';
import { asJson, columns } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import { smartBatch } from '../../../shared/service/batch';
import { votesCounted } from '../metrics';
import { type Change, countVotes, type Vote } from './count-votes';
import {
  lockFreeCounts,
  makeCounts,
  readVotes,
  recordChanges,
  recordCounts,
  recordVotes,
} from './statements';

/** A vote as somebody asks for it. */
export interface GivenVote extends Vote {
  /** What staff does for a buyer is written down. */
  readonly request?: StaffRequest;
}

/**
 * Counts votes exactly, however many give them at the same time: the votes that arrive while a batch is counted are counted
 * together, in one transaction that has the counts of their products locked. Those for a product that another session has
 * locked wait by themselves.
 */
export interface Votes {
  /**
   * Returns the counts of the product after the vote.
   * @throws Refusal with 503 if another session keeps the product locked; what `Database.transaction` throws. Then the vote is
   *   not counted, unless the commit is unknown
   */
  count(vote: GivenVote): Promise<readonly number[]>;
  /** Resolves when nothing is being counted. */
  idle(): Promise<void>;
}

const MAX_BATCH = 256;
/** Another replica that counts has a product locked for milliseconds. */
const AGAIN_AFTER_MS = 20;
const MAX_LOCKED_MS = 2_000;

export function openVotes(database: Database): Votes {
  const batches = smartBatch<GivenVote, readonly number[] | undefined>({
    max: MAX_BATCH,
    inFlight: 1,
    async run(votes) {
      const { changes, counts } = await database.transaction((tx) => countAll(tx, votes));
      votesCounted.inc(changes.length);
      return votes.map(({ item_id }) => counts.get(item_id));
    },
  });
  return {
    async count(vote) {
      for (const end = performance.now() + MAX_LOCKED_MS; ; ) {
        const counts = await batches.submit(vote);
        if (counts !== undefined) {
          return counts;
        }
        if (performance.now() > end) {
          throw new Refusal(busy('Another session has locked the votes for this product.'));
        }
        await sleep(AGAIN_AFTER_MS * (0.5 + Math.random()));
      }
    },
    idle: () => batches.idle(),
  };
}

/** Counts votes in an open transaction. There are no counts of the products that another session has locked. */
async function countAll(
  tx: Tx,
  votes: readonly GivenVote[],
): Promise<{ changes: readonly Change[]; counts: ReadonlyMap<string, readonly number[]> }> {
  const itemIds = [...new Set(votes.map(({ item_id }) => item_id))];
  // The statements are sent at once and run one after the other, so the votes are read after the counts are locked.
  const [, rows, known] = await Promise.all([
    tx.run(makeCounts, [itemIds]),
    tx.run(lockFreeCounts, [itemIds]),
    tx.run(readVotes, [itemIds, [...new Set(votes.map(({ user_id }) => user_id))]]),
  ]);
  const before = new Map(rows.map(({ item_id, counts }) => [item_id, counts.map(Number)]));
  const counted = votes.filter(({ item_id }) => before.has(item_id));
  const { changes, counts } = countVotes(before, known, counted);
  if (changes.length > 0) {
    const last = new Map(changes.map((change) => [`${change.item_id} ${change.user_id}`, change]));
    tx.send(recordVotes, columns([...last.values()], 'item_id', 'user_id', 'stars'));
    tx.send(recordChanges, columns(changes, 'item_id', 'user_id', 'before', 'stars'));
    tx.send(recordCounts, [asJson(counts)]);
  }
  recordStaff(
    tx,
    counted.flatMap(({ request }) => request ?? []),
  );
  return { changes, counts };
}
