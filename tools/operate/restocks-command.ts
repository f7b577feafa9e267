import { UsageError, wholeNumber } from '../support/command-line';
import {
  actorFrom,
  commonOptions,
  oneLine,
  print,
  printJson,
  Refusal,
  runCommand,
  sagaIdFrom,
  type Verbs,
} from './command';
import { type ShopConnections, withConnections } from './connections';
import { askAgain, listWaiting, type RestockView, viewRestock } from './restocks';
import { ago, table } from './text';

const usage = `Usage: npm run restocks -- list [--limit 50]
       npm run restocks -- show RESTOCK
       npm run restocks -- resend RESTOCK --reason "…"
  list      what shopkeepers have put into the shop and stock has not answered, the oldest first
  show      what catalog and stock say about a restock, and what it waits for
  resend    have catalog ask stock once more. Stock adds the units of a restock once, and again only if its restored database
            has forgotten it
  --actor   your name for the record; default: your user name on this machine
  --json    print JSON for programs
  --port    the port that npm start was given; default: the last one on this machine
For a shop that npm start does not run, set CATALOG_DATABASE_URL and the other addresses: see "npm run sagas -- --help".
Exit status: 0 done, 1 no such restock, 2 invalid arguments, or something cannot be reached.`;

const options = {
  ...commonOptions,
  limit: { type: 'string', default: '50' },
  reason: { type: 'string' },
  actor: { type: 'string' },
} as const;

const verbs: Verbs<typeof options> = {
  list(ids, values) {
    if (ids.length > 0) {
      throw new UsageError('To see one restock, use show.');
    }
    const limit = wholeNumber('limit', values.limit, 1, 10_000);
    return async (shop) => {
      const waiting = await listWaiting(shop, limit);
      if (values.json) {
        printJson({ restocks: waiting });
      } else {
        print(describeAll(waiting, new Date()));
      }
    };
  },

  show(ids, values) {
    const id = onlyId(ids);
    return async (shop) => {
      const restock = await mustKnow(shop, id);
      if (values.json) {
        printJson(restock);
      } else {
        print(describe(restock, new Date()));
      }
    };
  },

  resend(ids, values) {
    const id = onlyId(ids);
    if (values.reason === undefined) {
      throw new UsageError('Say why with --reason: it is kept on record.');
    }
    const operator = {
      actor: actorFrom(values.actor),
      reason: oneLine('reason', values.reason, 500),
    };
    return async (shop) => {
      const restock = await mustKnow(shop, id);
      if (restock.state === 'REFUSED') {
        throw new Refusal(`Restock ${id} was refused (${restock.reason}), for ever. Put the units in anew.`);
      }
      await askAgain(shop, restock, operator);
      if (values.json) {
        printJson({ asked: id });
      } else {
        print(
          `Catalog will ask stock about restock ${id} once more: within seconds, or once catalog runs again.\n` +
            `To see the result: npm run restocks -- show ${id}`,
        );
      }
    };
  },
};

function onlyId(ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    throw new UsageError('Name one restock, by its id as list shows it.');
  }
  return sagaIdFrom(id);
}

async function mustKnow(shop: ShopConnections, id: string): Promise<RestockView> {
  const restock = await viewRestock(shop, id);
  if (restock === undefined) {
    throw new Refusal(`Catalog does not know restock ${id}. Check the id.`);
  }
  return restock;
}

function describeAll(restocks: readonly RestockView[], now: Date): string {
  if (restocks.length === 0) {
    return 'No restock waits for an answer of stock.';
  }
  const rows = restocks.map(({ id, created_at, quantity, name, item_id, stock }) => {
    return [id, ago(created_at, now), `${quantity} of ${name ?? item_id}`, stock ?? 'unknown to stock'];
  });
  return table([['restock', 'requested', 'units', 'in stock'], ...rows]);
}

function describe(restock: RestockView, now: Date): string {
  const { id, item_id, name, quantity, price, created_at, asked_at } = restock;
  const asked = asked_at === null ? '' : `; catalog asked again ${ago(asked_at, now)}`;
  return [
    `Restock  ${id}`,
    `Trace    ${restock.traceparent.split('-')[1] ?? restock.traceparent}`,
    `Units    ${quantity} of ${name ?? 'a product without a name'} (item ${item_id}) at ${price}`,
    `Since    ${created_at.toISOString()} (${ago(created_at, now)}${asked})`,
    `catalog  ${restock.state}${restock.reason === null ? '' : ` (${restock.reason})`}`,
    `stock    ${restock.stock ?? 'does not know it'}`,
    '',
    waitsFor(restock),
  ].join('\n');
}

/**
 *     catalog    stock    waits for
 *     REQUESTED  none     stock, to handle catalog.item_stocked
 *     REQUESTED  any      catalog, to handle stock's answer
 *     DONE       none     nothing, but stock has forgotten it
 *     otherwise           nothing
 */
function waitsFor({ id, state, stock }: RestockView): string {
  const again = `To ask now: npm run restocks -- resend ${id} --reason "…"`;
  if (state === 'REQUESTED') {
    return stock === null
      ? `It waits for stock, to add the units. Catalog asks again by itself: docs/runbooks/RestocksStuck.md. ${again}`
      : `Stock has decided, and catalog has not heard it. Catalog asks again by itself: docs/runbooks/RestocksStuck.md. ${again}`;
  }
  return state === 'DONE' && stock === null
    ? `Stock has forgotten it, because its database was restored: its units are missing. ${again}`
    : 'It waits for nothing.';
}

runCommand(usage, options, verbs, withConnections);
