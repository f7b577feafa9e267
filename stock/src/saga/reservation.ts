import { type FailureReason, type Line, linesCrc32, type SagaEvent } from '../../../shared/contract/events';

/** What stock knows about a saga. `reason` is set if it is REJECTED or RELEASED. */
export interface Reservation {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  /** Line i is item_ids[i], quantities[i]. A tombstone has none. */
  item_ids: string[];
  quantities: number[];
  state: 'WAITING' | 'RESERVED' | 'REJECTED' | 'COMMITTED' | 'RELEASED';
  reason: FailureReason | null;
  traceparent: string;
}

export function linesOf({ item_ids, quantities }: Reservation): Line[] {
  return item_ids.map((item_id, i) => ({ item_id, quantity: quantities[i] as number }));
}

/** Returns the item and the units of each line, as `shared/amounts` adds them up. */
export function unitsOf(lines: readonly Line[]): [itemId: string, units: number][] {
  return lines.map(({ item_id, quantity }) => [item_id, quantity]);
}

/** Returns the event that publishes what stock decided; none while the saga waits. */
export function toEvents(reservation: Reservation, traceparent: string): SagaEvent[] {
  const { saga_id, order_id, user_id, amount, state, reason } = reservation;
  switch (state) {
    case 'WAITING':
      return [];
    case 'RESERVED':
    case 'COMMITTED':
      return [
        {
          type: 'stock.reserved',
          traceparent,
          data: { saga_id, order_id, user_id, amount, lines_crc32: linesCrc32(linesOf(reservation)) },
        },
      ];
    default: {
      const type = state === 'REJECTED' ? 'stock.rejected' : 'stock.released';
      return [{ type, traceparent, data: { saga_id, order_id, reason: reason as FailureReason } }];
    }
  }
}

/** Asks payment to decide: to cancel the saga, unless it has decided already. Its answer settles the reservation. */
export function decisionRequested({ saga_id, order_id, user_id, amount, traceparent }: Undecided): SagaEvent {
  return { type: 'stock.decision_requested', traceparent, data: { saga_id, order_id, user_id, amount } };
}
export type Undecided = Pick<Reservation, 'saga_id' | 'order_id' | 'user_id' | 'amount' | 'traceparent'>;
