import { linesOf, type Reservation } from '../../stock/src/saga/reservation';
import type { Transaction } from './memory';
import type { SagaState } from './order-tables';
import type { World } from './world';

/** An invariant of the protocol does not hold. The message begins with its number. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

function must(holds: boolean, invariant: string, say: () => string): void {
  if (!holds) {
    throw new Violation(`${invariant}: ${say()}`);
  }
}

/** I1, I2 and I4, and what each service must hold by itself, at every moment. */
export function checkBooks({ order, payment, stock }: World): void {
  const credit = sums(payment.ledger.all().map((entry) => [entry.user_id, entry.delta]));
  for (const user of payment.users.all()) {
    must(user.credit >= 0, 'I1', () => `user ${user.id} has a credit of ${user.credit}`);
    must(
      user.credit === credit.get(user.id),
      'I1',
      () => `user ${user.id} has ${user.credit}, not what was booked`,
    );
  }
  const captured = payment.charges.all().filter((charge) => charge.state === 'CAPTURED');
  const booked = payment.ledger.all().filter((entry) => entry.saga_id !== null);
  const total = (amounts: number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
  must(
    total(captured.map((charge) => charge.amount)) === -total(booked.map((entry) => entry.delta)),
    'I1',
    () => 'what was captured is not what was booked',
  );
  must(
    new Set(captured.map((charge) => charge.order_id)).size === captured.length,
    'I4',
    () => 'an order was charged twice',
  );

  const owned = sums(stock.ledger.all().map((entry) => [entry.item_id, entry.delta]));
  const held = heldUnits(stock.reservations.all());
  for (const { id, available } of stock.items.all()) {
    const reserved = held.get(id) ?? 0;
    const says = `item ${id} has ${available} available and ${reserved} reserved`;
    must(available >= 0, 'I2', () => says);
    must(available + reserved === owned.get(id), 'I2', () => `${says}, which is not what was booked`);
  }

  for (const { id, saga_id } of order.orders.all()) {
    const own = saga_id === null || order.sagas.get(saga_id)?.order_id === id;
    must(own, 'I9', () => `order ${id} is in saga ${saga_id}, which is not its own`);
  }
}

/** I3, I5, I7 and I8 for one saga, at every moment: how far each service may be ahead of the others. */
export function checkSaga({ order, payment, stock }: World, sagaId: string): void {
  const saga = order.sagas.get(sagaId);
  const charge = payment.charges.get(sagaId);
  const reservation = stock.reservations.get(sagaId);
  const states = `order ${saga?.state ?? '-'}, stock ${reservation?.state ?? '-'}, payment ${charge?.state ?? '-'}`;
  const holds = (condition: boolean, invariant: string, rule: string) =>
    must(condition, invariant, () => `${rule}, but of saga ${sagaId} is ${states}`);

  const captured = charge?.state === 'CAPTURED';
  const kept = reservation?.state === 'RESERVED' || reservation?.state === 'COMMITTED';
  const gone = reservation?.state === 'REJECTED' || reservation?.state === 'RELEASED';
  holds(saga !== undefined || !(reservation || charge), 'I3', 'only what order has opened is acted on');
  if (captured) {
    holds(kept, 'I3', 'what is charged is kept for the buyer');
  }
  if (reservation?.state === 'COMMITTED') {
    holds(captured, 'I3', 'only what is charged is sold');
  }
  if (saga?.state === 'PAID') {
    holds(captured, 'I7', '200 means charged');
  }
  if (saga?.state === 'PAID') {
    holds(kept, 'I8', 'after a 200 the stock is gone');
  }
  if (saga?.state === 'FAILED') {
    holds(!captured, 'I7', '4xx means never charged');
  }
  if (saga?.state === 'FAILED') {
    holds(gone, 'I8', 'after a 4xx the stock is back');
  }
  if (saga) {
    checkLines(saga);
  }

  function checkLines({ order_id, state, amount }: SagaState): void {
    const current = order.orders.get(order_id)?.saga_id === sagaId;
    if (state === 'PENDING') {
      holds(current, 'I9', 'an order is in one saga at a time');
    }
    if (charge) {
      must(charge.amount === amount, 'I5', () => `saga ${sagaId} costs ${amount}, not ${charge.amount}`);
    }
    if (!current || state === 'FAILED') {
      return;
    }
    const lines = order.lines.get(order_id) ?? [];
    const cost = lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
    must(cost === amount, 'I5', () => `order ${order_id} is worth ${cost}, its saga says ${amount}`);
    const bought = lines.map((line) => `${line.item_id} ${line.quantity}`).join();
    const set =
      reservation &&
      linesOf(reservation)
        .map((line) => `${line.item_id} ${line.quantity}`)
        .join();
    must(!set || set === bought, 'I5', () => `order ${order_id} is of ${bought}, reserved are ${set}`);
  }
}

/** What one transaction may do, seen just after its commit. */
export function checkChanges({ order, payment, stock }: World, tx: Transaction): void {
  for (const { before, after } of tx.changes(order.orders)) {
    const wasPaid = order.sagas.get(before?.saga_id ?? '')?.state === 'PAID';
    must(!wasPaid || after.saga_id === before?.saga_id, 'I9', () => `order ${after.id} was PAID and is not`);
  }
  for (const { key, before } of tx.changes(order.lines)) {
    must(!before || !isFrozen(key), 'I9', () => `the frozen lines of ${key} changed`);
  }
  for (const { key, before, after } of tx.changes(order.sagas)) {
    must(
      !before || before.state === 'PENDING' || before.state === after.state,
      'I7',
      () => `${key} ended twice`,
    );
  }
  for (const { key, before, after } of tx.changes(payment.charges)) {
    must(!before || before.state === after.state, 'I7', () => `the decision on ${key} was changed`);
    const credit = payment.users.get(after.user_id)?.credit ?? 0;
    const enough = after.reason === 'insufficient_credit' && credit >= after.amount;
    must(!enough, 'I7', () => `${key} was refused for want of credit, which there is`);
  }
  for (const { key, after } of tx.changes(stock.reservations)) {
    if (after.state === 'REJECTED') {
      checkRefusal(key, after);
    }
    if (after.state === 'RESERVED') {
      checkQueue(after);
    }
  }

  function isFrozen(orderId: string): boolean {
    const saga = order.sagas.get(order.orders.get(orderId)?.saga_id ?? '');
    return saga !== undefined && saga.state !== 'FAILED';
  }
  function checkRefusal(sagaId: string, refused: Reservation): void {
    const held = heldUnits(stock.reservations.all());
    const owned = (itemId: string) => (stock.items.get(itemId)?.available ?? 0) + (held.get(itemId) ?? 0);
    must(
      linesOf(refused).some(({ item_id, quantity }) => owned(item_id) < quantity),
      'No false "out of stock"',
      () => `saga ${sagaId} was refused what may come back`,
    );
  }
  /** Whoever is served leaves enough for those who came first and wait still. */
  function checkQueue(served: Reservation): void {
    if (stock.reservations.open.size === 0) {
      return;
    }
    const all = stock.reservations.all();
    const came = all.findIndex((reservation) => reservation.saga_id === served.saga_id);
    const ahead = all.slice(0, came).filter((reservation) => reservation.state === 'WAITING');
    const wanted = sums(ahead.flatMap(linesOf).map((line) => [line.item_id, line.quantity]));
    for (const itemId of served.item_ids) {
      const left = stock.items.get(itemId)?.available ?? 0;
      must(
        left >= (wanted.get(itemId) ?? 0),
        'First come, first served',
        () => `saga ${served.saga_id} overtook others who wait for item ${itemId}`,
      );
    }
  }
}

/** I3 and I6: where the system comes to rest, every saga has ended, and everywhere in the same way. */
export function checkEnded({ order, payment, stock }: World): void {
  const ids = (rows: { saga_id: string; state: string }[], state: string) =>
    rows.flatMap((row) => (row.state === state ? row.saga_id : [])).sort();
  const left = [
    ...ids(order.sagas.all(), 'PENDING'),
    ...ids(stock.reservations.all(), 'WAITING'),
    ...ids(stock.reservations.all(), 'RESERVED'),
  ];
  must(
    left.length === 0,
    'I6',
    () => `nothing goes on, and sagas have not ended: ${[...new Set(left)].join(', ')}`,
  );
  const paid = ids(order.sagas.all(), 'PAID').join();
  const captured = ids(payment.charges.all(), 'CAPTURED').join();
  const sold = ids(stock.reservations.all(), 'COMMITTED').join();
  must(
    paid === captured && paid === sold,
    'I3',
    () => `PAID are ${paid}; CAPTURED ${captured}; COMMITTED ${sold}`,
  );
}

/** Units per item that reservations hold. */
function heldUnits(reservations: readonly Reservation[]): Map<string, number> {
  const holding = reservations.filter((reservation) => reservation.state === 'RESERVED');
  return sums(holding.flatMap(linesOf).map((line) => [line.item_id, line.quantity]));
}

function sums(entries: (readonly [string, number])[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const [key, value] of entries) {
    sum.set(key, (sum.get(key) ?? 0) + value);
  }
  return sum;
}
