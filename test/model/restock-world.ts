import { isUnansweredDue, takeUnanswered } from '../../catalog/src/saga/ask-restocks/statements';
import { askUnanswered } from '../../catalog/src/saga/ask-restocks/step';
import { listProducts, lockRestocks, settleRestocks } from '../../catalog/src/saga/list-products/statements';
import { listStocked } from '../../catalog/src/saga/list-products/step';
import { itemStocked, type Restock as Requested } from '../../catalog/src/saga/restock';
import {
  type RestockEvent,
  type RestockRefusal,
  type SagaEvent,
  serviceOf,
} from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import type { Restock as Decided } from '../../stock/src/saga/restock/decide';
import {
  lockItemsToRestock,
  makeItems,
  readRestocks,
  recordRestocks,
} from '../../stock/src/saga/restock/statements';
import { restockItems } from '../../stock/src/saga/restock/step';
import { readReservedNow, returnItems } from '../../stock/src/saga/statements';
import { on, type Sql, Table, Transaction } from './memory';

/** Catalog and stock without their processes, as far as restocks go: the services' own steps on tables in memory. */
export interface RestockWorld {
  readonly catalog: ReturnType<typeof catalogTables>;
  readonly stock: ReturnType<typeof stockTables>;
  /** Every event that was ever published and is not lost. Each may be delivered at any moment, any number of times. */
  readonly network: Table<RestockEvent>;
}
export type Side = 'catalog' | 'stock';

function catalogTables() {
  return {
    restocks: new Table<Requested>(),
    /** Products, and whether they are listed. */
    products: new Table<boolean>(),
    parked: new Table<RestockEvent>(),
  };
}

function stockTables() {
  return {
    items: new Table<{ id: string; price: number; available: number }>(),
    restocks: new Table<Decided>(),
    ledger: new Table<{ item_id: string; delta: number }>(),
    parked: new Table<RestockEvent>(),
  };
}

export function openWorld(): RestockWorld {
  return { catalog: catalogTables(), stock: stockTables(), network: new Table() };
}

function catalogSql({ restocks, products }: RestockWorld['catalog']): Sql {
  return {
    ...on(lockRestocks, (tx, ids: string[]) => tx.getAll(restocks, ids)),
    ...on(settleRestocks, (tx, json: string) => {
      const settled: Record<string, Pick<Requested, 'state' | 'reason'>> = JSON.parse(json);
      for (const [id, change] of Object.entries(settled)) {
        tx.update(restocks, id, (row) => ({ ...row, ...change }));
      }
      return undefined;
    }),
    ...on(listProducts, (tx, itemIds: string[]) => {
      const listed = itemIds.filter((id) => tx.get(products, id) !== true);
      for (const id of listed) {
        tx.put(products, id, true);
      }
      return listed.map((item_id) => ({ item_id }));
    }),
    ...on(takeUnanswered, () => restocks.all().filter(({ state }) => state === 'REQUESTED')),
    ...on(isUnansweredDue, () => undefined),
  };
}

function stockSql({ items, restocks, ledger }: RestockWorld['stock'], rules: RestockRules): Sql {
  return {
    ...on(makeItems, (tx, ids: string[], prices: number[]) => {
      for (const [i, id] of ids.entries()) {
        if (tx.get(items, id) === undefined) {
          tx.put(items, id, { id, price: prices[i] as number, available: 0 });
        }
      }
      return undefined;
    }),
    ...on(lockItemsToRestock, (tx, ids: string[]) => tx.getAll(items, ids)),
    ...on(readRestocks, (tx, ids: string[]) => (rules.stock === 'remembers' ? tx.getAll(restocks, ids) : [])),
    ...on(readReservedNow, () => undefined),
    ...on(
      recordRestocks,
      (
        tx,
        ids: string[],
        itemIds: string[],
        quantities: number[],
        prices: number[],
        reasons: (RestockRefusal | null)[],
      ) => {
        for (const [i, id] of ids.entries()) {
          const [item_id, quantity] = [itemIds[i] as string, quantities[i] as number];
          const reason = reasons[i] ?? null;
          tx.put(restocks, id, { id, item_id, quantity, price: prices[i] as number, reason });
          if (reason === null) {
            tx.put(ledger, `${id} ${ledger.size}`, { item_id, delta: quantity });
          }
        }
        return undefined;
      },
    ),
    ...on(returnItems, (tx, json: string) => {
      for (const [id, units] of Object.entries<number>(JSON.parse(json))) {
        tx.update(items, id, (item) => ({ ...item, available: item.available + units }));
      }
      return undefined;
    }),
  };
}

/** How the world works. The tests of the checker replace one rule at a time by a broken one. */
export interface RestockRules {
  readonly stock: 'remembers' | 'forgets';
  readonly catalog: 'lists what stock has' | 'lists at once';
  readonly asks: 'until it is answered' | 'never';
}
export const restockProtocol: RestockRules = {
  stock: 'remembers',
  catalog: 'lists what stock has',
  asks: 'until it is answered',
};

const steps = { catalog: listStocked(() => {}), stock: restockItems(() => {}) };

const begin = (world: RestockWorld, side: Side, rules: RestockRules) =>
  new Transaction(side === 'catalog' ? catalogSql(world.catalog) : stockSql(world.stock, rules));

export const keyOf = (event: RestockEvent) => `${event.type} ${JSON.stringify(event.data)}`;

function publish(world: RestockWorld, events: readonly SagaEvent[]): void {
  for (const event of events as readonly RestockEvent[]) {
    world.network.set(keyOf(event), event);
  }
}

/** A shopkeeper puts units into the shop. */
export function request(world: RestockWorld, restock: Requested, rules: RestockRules): void {
  const { restocks, products } = world.catalog;
  restocks.set(restock.id, restock);
  if (products.get(restock.item_id) === undefined) {
    products.set(restock.item_id, rules.catalog === 'lists at once');
  }
  publish(world, [itemStocked(restock)]);
}

/** Delivers events to the queue that they are for. What a step cannot handle is parked, one at a time. */
export async function deliver(
  world: RestockWorld,
  events: readonly RestockEvent[],
  rules: RestockRules,
): Promise<void> {
  const [first] = events;
  const side: Side = serviceOf(first?.type ?? '') === 'catalog' ? 'stock' : 'catalog';
  const tx = begin(world, side, rules);
  try {
    const { emit } = await steps[side].run(tx, events);
    tx.commit();
    publish(world, emit);
  } catch (error) {
    if (!(error instanceof InvariantViolation)) {
      throw error;
    }
    if (events.length > 1) {
      for (const event of events) {
        await deliver(world, [event], rules);
      }
    } else if (first) {
      world[side].parked.set(keyOf(first), first);
    }
  }
}

/** Catalog asks about everything that has no answer. */
export async function ask(world: RestockWorld, rules: RestockRules): Promise<void> {
  if (rules.asks === 'until it is answered') {
    const tx = begin(world, 'catalog', rules);
    publish(world, await askUnanswered(tx, { askAfterMs: 0, readingForMs: 0, limit: 100 }));
    tx.commit();
  }
}
