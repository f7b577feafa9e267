import type { BroadcastData } from '../../shared/contract/broadcasts';
import type { Step } from '../../shared/inbox/step';
import type { Logger } from '../../shared/observe/log';
import type { Database } from '../../shared/postgres/database';
import { statement } from '../../shared/postgres/statement';
import { connectBroadcast } from '../../shared/rabbit/broadcast';
import type { Topology } from '../../shared/rabbit/open-topology';
import { repeat } from '../../shared/service/loop';

/** Tells catalog how many units of an item can be sold, soon after that changed. */
export interface Levels {
  /** Call it after the commit. */
  touch(itemIds: Iterable<string>): void;
  stop(): Promise<void>;
}

const EVERY_MS = 250;
/** Read and sent at a time: more than a shop changes in that time while it can keep up. */
const MAX_AT_ONCE = 2_000;
/** Of all that are remembered. Catalog finds out about the others when it asks. */
const MAX_TOUCHED = 20_000;

/** The time is taken before the levels are: what was read earlier must not look newer. */
const readLevels = statement<{ id: string; available: number; at: number }>(
  'read_levels',
  `SELECT id, available, (extract(epoch FROM statement_timestamp()) * 1000)::float8 AS at
   FROM items WHERE id = ANY ($1::text[])`,
);

/**
 * Nothing is added to a checkout: which items were touched is kept in memory, their levels are read together, and what is
 * lost is not repeated.
 */
export async function openLevels(options: {
  database: Database;
  amqpUrl: string;
  topology: Topology;
  log: Logger;
}): Promise<Levels> {
  const { database, amqpUrl, topology, log } = options;
  const touched = new Set<string>();
  const broadcast = await connectBroadcast({
    url: amqpUrl,
    topology,
    name: 'stock broadcasts levels',
    log,
    exchange: 'stock.levels',
  });

  async function send(): Promise<void> {
    if (touched.size === 0) {
      return;
    }
    const itemIds = [...touched].slice(0, MAX_AT_ONCE);
    // Before they are read: what is sold meanwhile is told the next time.
    for (const id of itemIds) {
      touched.delete(id);
    }
    const rows = await database.transaction((tx) => tx.run(readLevels, [itemIds]));
    const [first] = rows;
    if (first !== undefined) {
      const told: BroadcastData<'stock.levels'> = {
        at: first.at,
        levels: rows.map(({ id, available }) => [id, available]),
      };
      broadcast.send(JSON.stringify(told));
    }
  }

  const sending = repeat(EVERY_MS, send, (error) =>
    log.debug({ err: error }, 'could not tell the levels of items; catalog finds out when it asks'),
  );

  return {
    touch(itemIds) {
      for (const id of itemIds) {
        if (touched.size >= MAX_TOUCHED) {
          return;
        }
        touched.add(id);
      }
    },
    async stop() {
      await sending.stop();
      await broadcast.close();
    },
  };
}

/** A step whose orders take units of items: their levels are told. */
export function tellingLevels(step: Step, levels: Pick<Levels, 'touch'>): Step {
  return {
    ...step,
    async run(tx, events, isCautious) {
      const outcome = await step.run(tx, events, isCautious);
      return {
        ...outcome,
        async afterCommit() {
          levels.touch(
            events.flatMap(({ type, data }) =>
              type === 'order.checkout_requested' ? data.lines.map((line) => line.item_id) : [],
            ),
          );
          await outcome.afterCommit?.();
        },
      };
    },
  };
}
