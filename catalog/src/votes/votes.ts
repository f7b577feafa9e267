import type { Database } from '../../../shared/postgres/database';
import { recordStaff, type StaffRequest } from '../../../shared/postgres/staff';
import { asArrayText, columns } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import { smartBatch } from '../../../shared/service/batch';
import { votesCounted } from '../metrics';
import { type CountedVotes, countVotes, type Vote } from './count-votes';
import { lockCounts, makeCounts, readVotes, recordChanges, recordCounts, recordVotes } from './statements';

/** A vote as somebody asks for it. */
export interface GivenVote extends Vote {
  /** What staff does for a buyer is written down. */
  readonly request?: StaffRequest;
}

/**
 * Counts votes exactly, however many give them at the same time: the votes that arrive while a batch is counted are counted
 * together, in one transaction that has the counts of their products locked.
 */
export interface Votes {
  /**
   * Returns the counts of the product after the vote.
   * @throws what `Database.transaction` throws; then it is not counted, unless the commit is unknown
   */
  count(vote: GivenVote): Promise<readonly number[]>;
  /** Resolves when nothing is being counted. */
  idle(): Promise<void>;
}

const MAX_BATCH = 256;

export function openVotes(database: Database): Votes {
  const batches = smartBatch<GivenVote, readonly number[]>({
    max: MAX_BATCH,
    inFlight: 1,
    async run(votes) {
      const { changes, counts } = await database.transaction((tx) => countAll(tx, votes));
      votesCounted.inc(changes.length);
      return votes.map(({ item_id }) => counts.get(item_id) ?? []);
    },
  });
  return { count: (vote) => batches.submit(vote), idle: () => batches.idle() };
}

/** Counts votes in an open transaction. */
export async function countAll(tx: Tx, votes: readonly GivenVote[]): Promise<CountedVotes> {
  const itemIds = [...new Set(votes.map(({ item_id }) => item_id))];
  // The statements are sent at once and run one after the other, so the votes are read after the counts are locked.
  const [, rows, known] = await Promise.all([
    tx.run(makeCounts, [itemIds]),
    tx.run(lockCounts, [itemIds]),
    tx.run(readVotes, columns(votes, 'item_id', 'user_id')),
  ]);
  const before = new Map(rows.map(({ item_id, counts }) => [item_id, counts.map(Number)]));
  const counted = countVotes(before, known, votes);
  const { changes, counts } = counted;
  if (changes.length > 0) {
    const last = new Map(changes.map((change) => [`${change.item_id} ${change.user_id}`, change]));
    tx.send(recordVotes, columns([...last.values()], 'item_id', 'user_id', 'stars'));
    tx.send(recordChanges, columns(changes, 'item_id', 'user_id', 'before', 'stars'));
    tx.send(recordCounts, [[...counts.keys()], [...counts.values()].map(asArrayText)]);
  }
  recordStaff(
    tx,
    votes.flatMap(({ request }) => request ?? []),
  );
  return counted;
}
