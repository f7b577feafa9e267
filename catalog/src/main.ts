import { statement } from '../../shared/postgres/statement';
import { runParticipant } from '../../shared/service/run-participant';
import { settings } from './config';
import { routes } from './http';
import { openPurchases } from './http/purchases';
import { openLevels } from './levels';
import { openQueryCache } from './query-cache';
import { listStocked } from './saga/list-products/step';
import { watchUnanswered } from './unanswered';
import { openVotes } from './votes/votes';

const LISTS_POOL_SIZE = 3;
/** Longer than any list of a shop takes. Whoever finds something slower gets 503. */
const LIST_WITHIN_MS = 2_000;

/** As many as a replica remembers the levels of. */
const readItems = statement<{ item_id: string }>('read_items', 'SELECT item_id FROM products LIMIT 100000');

void runParticipant('catalog', settings, async (core) => {
  const { config, httpDatabase, readDatabase, openPool, outbox, topology, log } = core;
  const searches = openPool('lists', LISTS_POOL_SIZE, {
    wholeTables: true,
    statementTimeoutMs: LIST_WITHIN_MS,
  });
  const cache = openQueryCache();
  const votes = openVotes(httpDatabase);
  const levels = await openLevels({
    stockUrl: config.STOCK_URL,
    amqpUrl: config.AMQP_URL,
    topology,
    log,
    readItems: async () =>
      (await readDatabase.transaction((tx) => tx.run(readItems))).map(({ item_id }) => item_id),
  });
  const unanswered = watchUnanswered({ ...core, amqpUrl: config.AMQP_URL, askAfterMs: config.ASK_AFTER_MS });
  return {
    routes: routes({
      ...{ database: httpDatabase, reads: readDatabase, searches, outbox, cache, levels, votes },
      purchases: openPurchases(config.ORDER_URL),
    }),
    steps: [
      listStocked(({ stocked, isAnyNew }) => {
        levels.ask(stocked);
        if (isAnyNew) {
          cache.clear();
        }
      }),
    ],
    async stop() {
      await unanswered.stop();
      await votes.idle();
      await levels.stop();
    },
  };
});
