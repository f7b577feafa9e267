import type { SagaEvent } from '../../shared/contract/events';
import type { StepOutcome } from '../../shared/inbox/step';
import { serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { type Settled, settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import type { Purchase } from '../support/events';
import { type StepFixture, stepFixture } from '../support/step-fixture';

/** Finds items whose rows do not agree with their ledger and their reservations. */
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

/** What was reserved, as a number, is only in the way of most tests: one test is about it. */
export function withoutLines(event: SagaEvent): SagaEvent {
  if (event.type !== 'stock.reserved') {
    return event;
  }
  const { lines_crc32: _, ...data } = event.data;
  return { ...event, data };
}

/** The steps of stock, one transaction a call, as the inbox runs them. */
export interface StockFixture extends StepFixture {
  /** @param stock available units by item */
  addItems(stock: Record<string, number>): Promise<void>;
  reserve(...events: SagaEvent[]): Promise<StepOutcome>;
  settle(...events: SagaEvent[]): Promise<StepOutcome>;
  /** Serves the sagas that wait for these items, in as many rounds as it takes. Returns the events of all rounds. */
  serve(...itemIds: string[]): Promise<SagaEvent[]>;
  /** Returns the available and the reserved units by item. */
  units(): Promise<Record<string, [available: number, reserved: number]>>;
  stateOf(bought: Purchase): Promise<string | undefined>;
  /** What the settling step reported after its commits, in order. */
  readonly reported: Settled[];
}

export function stockFixture(): StockFixture {
  const fixture = stepFixture('stock', 'items, stock_ledger, reservations', BROKEN);
  const reported: StockFixture['reported'] = [];
  const settleStep = settleReservation((settled) => reported.push(settled));
  beforeEach(() => void reported.splice(0));

  return {
    ...fixture,
    reported,
    async addItems(stock) {
      await fixture.query(
        `WITH new AS (SELECT * FROM unnest($1::text[], $2::bigint[]) AS n (id, units)), ledger AS (
           INSERT INTO stock_ledger (item_id, delta, kind) SELECT id, units, 'add' FROM new
         ) INSERT INTO items (id, price, available) SELECT id, 10, units FROM new`,
        [Object.keys(stock), Object.values(stock)],
      );
    },
    async reserve(...events) {
      const outcome = await fixture.transaction((tx) => reserveStock.run(tx, events));
      return { ...outcome, emit: outcome.emit.map(withoutLines) };
    },
    async settle(...events) {
      const outcome = await fixture.transaction((tx) => settleStep.run(tx, events));
      await outcome.afterCommit?.();
      return outcome;
    },
    async serve(...itemIds) {
      const emitted: SagaEvent[] = [];
      for (let pending = itemIds; pending.length > 0; ) {
        const round = pending;
        const { emit, unsettled } = await fixture.transaction((tx) => serveWaiting(tx, round));
        emitted.push(...emit.map(withoutLines));
        pending = unsettled;
      }
      return emitted;
    },
    async units() {
      const rows = await fixture.query<{ id: string; available: number; reserved: number }>(
        `SELECT id, available,
           (SELECT coalesce(sum(quantity), 0)::bigint
            FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
            WHERE state = 'RESERVED' AND item_id = items.id) AS reserved
         FROM items`,
      );
      return Object.fromEntries(rows.map(({ id, available, reserved }) => [id, [available, reserved]]));
    },
    async stateOf({ saga_id }) {
      const found = 'SELECT state FROM reservations WHERE saga_id = $1';
      return (await fixture.query<{ state: string }>(found, [saga_id]))[0]?.state;
    },
  };
}
