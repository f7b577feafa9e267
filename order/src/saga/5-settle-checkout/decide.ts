import type { FailureReason, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import type { SagaState } from '../order-state';

/**
 * Step 5 ends a saga.
 *
 *     saga     event                            decision
 *     PENDING  payment.captured, for this       PAID
 *     PENDING  payment.captured, for another    DISPUTED
 *     PENDING  stock.rejected, stock.released   FAILED, with the event's reason
 *     ended    the same outcome again           nothing: a duplicate
 *     ended    the opposite outcome             violation
 *     unknown  payment.captured                 violation: a buyer was charged for what order does not know
 *     unknown  stock.rejected, stock.released   nothing: nobody was charged
 *
 * A capture is for another purchase if its amount or its lines are not the saga's: order has lost its database, and has
 * opened the saga again for something else than what was sold. No other ending would be true (docs/decisions/0022). The
 * saga then takes the amount and the lines of the sale, so that the same capture is a duplicate from then on. The order's
 * status follows from its last saga (docs/decisions/0015). `payment.rejected` ends no saga: the client is told that the
 * checkout failed only when the units are available again.
 */
export interface SagaRow {
  saga_id: string;
  order_id: string;
  user_id: string;
  state: SagaState;
  amount: number;
  /** What is bought, by `linesCrc32`; null for a saga that an earlier version opened. */
  lines_crc32: number | null;
  /** Seconds since the saga was opened. */
  age_seconds: number;
}

/** What was charged and sold under a saga, while its order asks for something else. */
export interface Sale {
  amount: number;
  lines_crc32: number | null;
}

export interface Settlement {
  saga_id: string;
  order_id: string;
  user_id: string;
  state: Exclude<SagaState, 'PENDING'>;
  /** What the order asks for now. */
  amount: number;
  /** Set if the saga is DISPUTED. */
  sale?: Sale;
  reason: FailureReason | null;
  traceparent: string;
  /** Seconds from the saga's opening to its end. */
  took_seconds: number;
}

/** Returns why each saga of a batch fails, or null if it is paid. The first event counts; later ones change nothing. */
export function firstReasons(events: readonly SagaEvent[]): Map<string, FailureReason | null> {
  const reasons = new Map<string, FailureReason | null>();
  for (const event of events) {
    if (!reasons.has(event.data.saga_id)) {
      reasons.set(event.data.saga_id, toOutcome(event).reason);
    }
  }
  return reasons;
}

/** @param rows the sagas as they were before this batch */
export function decideSettlements(
  rows: readonly SagaRow[],
  events: readonly SagaEvent[],
): { settled: Settlement[]; duplicates: number } {
  const sagas = new Map(rows.map((row) => [row.saga_id, row]));
  const settled: Settlement[] = [];
  let duplicates = 0;

  for (const event of events) {
    const { state, reason } = toOutcome(event);
    const saga = sagas.get(event.data.saga_id);
    if (!saga && event.type === 'payment.captured') {
      const { saga_id, order_id, amount } = event.data;
      throw new InvariantViolation(
        `saga ${saga_id} of order ${order_id} was charged ${amount}, but order does not know the saga`,
      );
    }
    const sale = saga && event.type === 'payment.captured' ? otherSale(saga, event.data) : undefined;
    if (!saga || saga.state === state || (saga.state === 'DISPUTED' && state === 'PAID' && !sale)) {
      duplicates++;
      continue;
    }
    if (saga.state !== 'PENDING') {
      throw new InvariantViolation(
        `saga ${saga.saga_id} has ended as ${saga.state}; ${event.type} contradicts it`,
      );
    }
    const { saga_id, order_id, user_id, amount, age_seconds } = saga;
    const end = sale ? 'DISPUTED' : state;
    settled.push({
      ...{ saga_id, order_id, user_id, state: end, amount, reason },
      ...(sale && { sale }),
      traceparent: event.traceparent,
      took_seconds: age_seconds,
    });
    sagas.set(saga_id, { ...saga, ...sale, state: end });
  }
  return { settled, duplicates };
}

/** Returns what was sold, if it is not what the saga is for. What either side does not know of the lines is no difference. */
function otherSale(
  saga: SagaRow,
  { amount, lines_crc32 }: SagaEvent<'payment.captured'>['data'],
): Sale | undefined {
  const haveSameLines =
    lines_crc32 === undefined || saga.lines_crc32 === null || lines_crc32 === saga.lines_crc32;
  return amount === saga.amount && haveSameLines ? undefined : { amount, lines_crc32: lines_crc32 ?? null };
}

function toOutcome(event: SagaEvent): { state: 'PAID' | 'FAILED'; reason: FailureReason | null } {
  switch (event.type) {
    case 'payment.captured':
      return { state: 'PAID', reason: null };
    case 'stock.rejected':
    case 'stock.released':
      return { state: 'FAILED', reason: event.data.reason };
    default:
      throw new InvariantViolation(`${event.type} does not end a saga`);
  }
}
