import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import * as z from 'zod';
import { readBroadcast } from '../../shared/contract/broadcasts';
import type { Logger } from '../../shared/observe/log';
import { connectBroadcast } from '../../shared/rabbit/broadcast';
import type { Topology } from '../../shared/rabbit/open-topology';
import { repeat } from '../../shared/service/loop';

/**
 * How many units of each item can be sold, as far as this replica has heard: a projection of stock, kept in memory. Stock
 * tells what has changed within a quarter of a second. That may be lost, so all items of the shop are asked about in turn.
 */
export interface Levels {
  /** Returns the units of an item, or null if they are not known yet. */
  get(itemId: string): number | null;
  /** Asks about these items soon. */
  ask(itemIds: Iterable<string>): void;
  stop(): Promise<void>;
}

const EVERY_MS = 250;
/** As many as stock answers at once. */
const AT_ONCE = 100;
/** The least time from one turn through all items to the next. */
const TURN_MS = 5_000;
const TIMEOUT_MS = 3_000;
const MAX_ITEMS = 100_000;
/** What nobody has said anything about for so long is not known. Longer than a turn through so many items. */
const FORGET_MS = 600_000;
/** Of items to be asked about before others. */
const MAX_WANTED = 10_000;

const answer = z.object({
  items: z.array(z.object({ item_id: z.string(), stock: z.int().min(0) })),
  at: z.number(),
});

interface Level {
  readonly units: number;
  /** By the clock of stock's database. */
  readonly at: number;
}

/** @param options.readItems reads the ids of all items of the shop */
export async function openLevels(options: {
  stockUrl: string;
  amqpUrl: string;
  topology: Topology;
  readItems(): Promise<string[]>;
  log: Logger;
}): Promise<Levels> {
  const { stockUrl, amqpUrl, topology, readItems, log } = options;
  const levels = new LRUCache<string, Level>({ max: MAX_ITEMS, ttl: FORGET_MS });
  const wanted = new Set<string>();
  const { origin, pathname } = new URL(stockUrl);
  const prefix = pathname.replace(/\/$/, '');
  const stock = new Pool(origin, { connections: 2, connect: { timeout: 1_000 }, maxResponseSize: 65_536 });
  let turn: string[] = [];
  let turnBegan = Number.NEGATIVE_INFINITY;

  /** What was read later counts, whatever arrives first. */
  function learn(itemId: string, level: Level): void {
    const known = levels.get(itemId);
    if (known === undefined || known.at <= level.at) {
      levels.set(itemId, level);
    }
  }

  const heard = await connectBroadcast({
    url: amqpUrl,
    topology,
    name: 'catalog hears levels',
    log,
    exchange: 'stock.levels',
    onReceived(body) {
      const told = readBroadcast('stock.levels', body);
      for (const [itemId, units] of told?.levels ?? []) {
        learn(itemId, { units, at: told?.at ?? 0 });
      }
    },
  });

  async function askNext(): Promise<void> {
    if (turn.length === 0 && wanted.size < AT_ONCE && performance.now() - turnBegan > TURN_MS) {
      turnBegan = performance.now();
      turn = await readItems();
    }
    // Whoever wants to know at once must not keep the others from their turn.
    const urgent = [...wanted].slice(0, AT_ONCE - Math.min(turn.length, AT_ONCE / 2));
    const next = turn.slice(0, AT_ONCE - urgent.length);
    const asked = [...urgent, ...next];
    if (asked.length === 0) {
      return;
    }
    const { statusCode, body } = await stock.request({
      method: 'GET',
      path: `${prefix}/stock/items?ids=${asked.join()}`,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const content: unknown = await body.json();
    if (statusCode !== 200) {
      throw new Error(`stock answered ${statusCode}`);
    }
    for (const id of urgent) {
      wanted.delete(id);
    }
    turn.splice(0, next.length);
    const { items, at } = answer.parse(content);
    for (const { item_id, stock: units } of items) {
      learn(item_id, { units, at });
    }
  }

  const asking = repeat(EVERY_MS, askNext, (error) =>
    log.debug({ err: error }, 'could not ask stock for the levels of items; trying again'),
  );

  function ask(itemIds: Iterable<string>): void {
    for (const id of itemIds) {
      if (wanted.size < MAX_WANTED) {
        wanted.add(id);
      }
    }
  }

  return {
    ask,
    get(itemId) {
      const level = levels.get(itemId);
      if (level === undefined) {
        ask([itemId]);
      }
      return level?.units ?? null;
    },
    async stop() {
      await asking.stop();
      await heard.close();
      await stock.close();
    },
  };
}
