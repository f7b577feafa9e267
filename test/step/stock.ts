import type { SagaEvent } from '../../shared/contract/events';
import type { StepOutcome } from '../../shared/inbox/step';
import { serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import type { Purchase } from '../support/events';
import { type StepFixture, stepFixture } from '../support/step-fixture';

/** What its rows say about an item, compared with its ledger and with the reservations that hold it. */
const BROKEN = `
  WITH lines AS (
    SELECT saga_id, state, line.* FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
  ), books AS (
    SELECT id, available,
      (SELECT coalesce(sum(delta), 0) FROM stock_ledger WHERE item_id = items.id) AS owned,
      (SELECT coalesce(sum(quantity), 0) FROM lines WHERE item_id = items.id AND state = 'RESERVED') AS reserved,
      (SELECT coalesce(sum(quantity), 0) FROM lines WHERE item_id = items.id AND state = 'COMMITTED') AS committed,
      (SELECT coalesce(-sum(delta), 0) FROM stock_ledger WHERE item_id = items.id AND kind = 'sale') AS sold
    FROM items
  )
  SELECT * FROM books
  WHERE available < 0 OR available + reserved <> owned OR sold <> committed`;

/** The steps of stock, each call one transaction, as the inbox runs them. */
export interface StockBench extends StepFixture {
  /** Puts items on the shelves. */
  shelve(stock: Record<string, number>): Promise<void>;
  reserve(...events: SagaEvent[]): Promise<StepOutcome>;
  settle(...events: SagaEvent[]): Promise<StepOutcome>;
  /** Serves those who wait for these items, round after round; returns what was told in all. */
  serve(...itemIds: string[]): Promise<SagaEvent[]>;
  /** Units per item, those that are available and those that reservations hold. */
  shelves(): Promise<Record<string, [available: number, held: number]>>;
  stateOf(bought: Purchase): Promise<string | undefined>;
  /** What the settling step told after its commits, in order. */
  readonly told: { compensated: number; itemIds: string[] }[];
}

export function stockBench(): StockBench {
  const bench = stepFixture('stock', 'items, stock_ledger, reservations', BROKEN);
  const told: StockBench['told'] = [];
  const settleStep = settleReservation((compensated, itemIds) => told.push({ compensated, itemIds }));
  beforeEach(() => void told.splice(0));

  return {
    ...bench,
    told,
    async shelve(stock) {
      await bench.query(
        `WITH new AS (SELECT * FROM unnest($1::text[], $2::bigint[]) AS n (id, units)), ledger AS (
           INSERT INTO stock_ledger (item_id, delta, kind) SELECT id, units, 'add' FROM new
         ) INSERT INTO items (id, price, available) SELECT id, 10, units FROM new`,
        [Object.keys(stock), Object.values(stock)],
      );
    },
    reserve: (...events) => bench.transaction((tx) => reserveStock.run(tx, events)),
    async settle(...events) {
      const outcome = await bench.transaction((tx) => settleStep.run(tx, events));
      await outcome.afterCommit?.();
      return outcome;
    },
    async serve(...itemIds) {
      const emitted: SagaEvent[] = [];
      for (let news = itemIds; news.length > 0; ) {
        const among = news;
        const { emit, unsettled } = await bench.transaction((tx) => serveWaiting(tx, among));
        emitted.push(...emit);
        news = unsettled;
      }
      return emitted;
    },
    async shelves() {
      const rows = await bench.query<{ id: string; available: number; held: number }>(
        `SELECT id, available,
           (SELECT coalesce(sum(quantity), 0)::bigint
            FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
            WHERE state = 'RESERVED' AND item_id = items.id) AS held
         FROM items`,
      );
      return Object.fromEntries(rows.map(({ id, available, held }) => [id, [available, held]]));
    },
    async stateOf({ saga_id }) {
      const found = 'SELECT state FROM reservations WHERE saga_id = $1';
      return (await bench.query<{ state: string }>(found, [saga_id]))[0]?.state;
    },
  };
}
