import { linesOf, type Reservation } from '../../stock/src/saga/reservation';
import type { Transaction } from './memory';
import type { SagaState } from './order-tables';
import type { World } from './world';

/** An invariant of the protocol does not hold. The message begins with the number of the invariant. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

function must(holds: boolean, invariant: string, message: () => string): void {
  if (!holds) {
    throw new Violation(`${invariant}: ${message()}`);
  }
}

/**
 * Checks I1, I2 and I4, and the part of I9 that order alone must ensure. They hold at every moment, also after a database
 * has returned to an earlier commit.
 */
export function checkBooks({ order, payment, stock }: World): void {
  const credit = sums(payment.ledger.all().map((entry) => [entry.user_id, entry.delta]));
  for (const user of payment.users.all()) {
    must(user.credit >= 0, 'I1', () => `user ${user.id} has a credit of ${user.credit}`);
    must(
      user.credit === credit.get(user.id),
      'I1',
      () => `user ${user.id} has a credit of ${user.credit}, which is not the sum of the ledger`,
    );
  }
  const captured = payment.charges.all().filter((charge) => charge.state === 'CAPTURED');
  const booked = payment.ledger.all().filter((entry) => entry.saga_id !== null);
  const total = (amounts: number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
  must(
    total(captured.map((charge) => charge.amount)) === -total(booked.map((entry) => entry.delta)),
    'I1',
    () => 'the captured amounts are not the amounts in the ledger',
  );
  must(
    new Set(captured.map((charge) => charge.order_id)).size === captured.length,
    'I4',
    () => 'an order was charged twice',
  );

  const owned = sums(stock.ledger.all().map((entry) => [entry.item_id, entry.delta]));
  const reservedByItem = reservedUnits(stock.reservations.all());
  for (const { id, available } of stock.items.all()) {
    const reserved = reservedByItem.get(id) ?? 0;
    const balance = `item ${id} has ${available} available and ${reserved} reserved`;
    must(available >= 0, 'I2', () => balance);
    must(
      available + reserved === owned.get(id),
      'I2',
      () => `${balance}, which is not the sum of the ledger`,
    );
  }

  for (const { id, saga_id } of order.orders.all()) {
    const isOwn = saga_id === null || order.sagas.get(saga_id)?.order_id === id;
    must(isOwn, 'I9', () => `order ${id} is in saga ${saga_id}, which is not one of its sagas`);
  }
}

/**
 * Checks I3, I5, I7, I8 and I9 for one saga: how far each service may be ahead of the others. They hold at every moment.
 *
 * After a restore they hold for every saga that the restored service has not forgotten. What order has forgotten still
 * cannot become PAID for something else than was charged and sold, nor FAILED although it was charged.
 */
export function checkSaga({ order, payment, stock }: World, sagaId: string): void {
  if (payment.forgotten.get(sagaId) || stock.forgotten.get(sagaId)) {
    return;
  }
  const isForgotten = order.forgotten.get(sagaId) === true;
  for (const { parked } of [order, payment, stock]) {
    const isParked = parked.all().some(({ data }) => data.saga_id === sagaId);
    must(
      !isParked || isForgotten,
      'I6',
      () => `an event of saga ${sagaId} is parked, which nothing explains`,
    );
  }
  const saga = order.sagas.get(sagaId);
  const charge = payment.charges.get(sagaId);
  const reservation = stock.reservations.get(sagaId);
  const states = `order ${saga?.state ?? '-'}, stock ${reservation?.state ?? '-'}, payment ${charge?.state ?? '-'}`;
  const check = (condition: boolean, invariant: string, rule: string) =>
    must(condition, invariant, () => `${rule}, but saga ${sagaId} is: ${states}`);

  const isCaptured = charge?.state === 'CAPTURED';
  const hasUnits = reservation?.state === 'RESERVED' || reservation?.state === 'COMMITTED';
  const hasNoUnits = reservation?.state === 'REJECTED' || reservation?.state === 'RELEASED';
  check(
    saga !== undefined || isForgotten || !(reservation || charge),
    'I3',
    'stock and payment act only on sagas that order opened',
  );
  if (isCaptured) {
    check(hasUnits, 'I3', 'the units of a captured saga are reserved or sold');
  }
  if (reservation?.state === 'COMMITTED') {
    check(isCaptured, 'I3', 'units are sold only for a captured saga');
  }
  if (saga?.state === 'PAID') {
    check(isCaptured, 'I7', 'after a 200 the buyer is charged');
  }
  if (saga?.state === 'PAID') {
    check(hasUnits, 'I8', 'after a 200 the units are reserved or sold');
  }
  if (saga?.state === 'FAILED') {
    check(!isCaptured, 'I7', 'after a 4xx the buyer is never charged');
  }
  if (saga?.state === 'FAILED') {
    check(hasNoUnits, 'I8', 'after a 4xx the saga has no units');
  }
  if (saga?.state === 'DISPUTED') {
    check(isForgotten, 'I5', 'only what order has forgotten is disputed');
    check(isCaptured && hasUnits, 'I7', 'a disputed saga was charged and sold');
  }
  if (saga) {
    checkLines(saga);
  }

  function checkLines({ order_id, state, amount }: SagaState): void {
    const isCurrent = order.orders.get(order_id)?.saga_id === sagaId;
    if (state === 'PENDING') {
      check(isCurrent, 'I9', 'an order is in one saga at a time');
    }
    const mayDiffer = isForgotten && state !== 'PAID' && state !== 'DISPUTED';
    if (charge && !mayDiffer) {
      must(
        charge.amount === amount,
        'I5',
        () => `saga ${sagaId} costs ${amount}, but its charge is ${charge.amount}`,
      );
    }
    if (!isCurrent || state === 'FAILED' || state === 'DISPUTED') {
      return;
    }
    const lines = order.lines.get(order_id) ?? [];
    const cost = lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
    must(cost === amount, 'I5', () => `order ${order_id} costs ${cost}, but its saga says ${amount}`);
    const ordered = lines.map((line) => `${line.item_id} ${line.quantity}`).join();
    const reserved =
      reservation &&
      linesOf(reservation)
        .map((line) => `${line.item_id} ${line.quantity}`)
        .join();
    must(
      !reserved || reserved === ordered || mayDiffer,
      'I5',
      () => `order ${order_id} has the lines ${ordered}, but the reservation has ${reserved}`,
    );
  }
}

/** Checks what one transaction changed, just after its commit. */
export function checkChanges({ order, payment, stock }: World, tx: Transaction): void {
  for (const { before, after } of tx.changes(order.orders)) {
    const wasPaid = order.sagas.get(before?.saga_id ?? '')?.state === 'PAID';
    must(
      !wasPaid || after.saga_id === before?.saga_id,
      'I9',
      () => `order ${after.id} was PAID and is no longer`,
    );
  }
  for (const { key, before } of tx.changes(order.lines)) {
    must(!before || !isFrozen(key), 'I9', () => `the frozen lines of order ${key} changed`);
  }
  for (const { key, before, after } of tx.changes(order.sagas)) {
    must(
      !before || before.state === 'PENDING' || before.state === after.state,
      'I7',
      () => `saga ${key} ended twice`,
    );
  }
  for (const { key, before, after } of tx.changes(payment.charges)) {
    must(!before || before.state === after.state, 'I7', () => `the decision on saga ${key} changed`);
    const credit = payment.users.get(after.user_id)?.credit ?? 0;
    const hadEnough = after.reason === 'insufficient_credit' && credit >= after.amount;
    must(
      !hadEnough,
      'I7',
      () => `saga ${key} was rejected for insufficient credit, but the credit is sufficient`,
    );
  }
  for (const { key, after } of tx.changes(stock.reservations)) {
    if (after.state === 'REJECTED') {
      checkOutOfStock(key, after);
    }
    if (after.state === 'RESERVED') {
      checkQueue(after);
    }
  }

  function isFrozen(orderId: string): boolean {
    const saga = order.sagas.get(order.orders.get(orderId)?.saga_id ?? '');
    return saga !== undefined && saga.state !== 'FAILED';
  }
  function checkOutOfStock(sagaId: string, rejected: Reservation): void {
    const reservedByItem = reservedUnits(stock.reservations.all());
    const owned = (itemId: string) =>
      (stock.items.get(itemId)?.available ?? 0) + (reservedByItem.get(itemId) ?? 0);
    must(
      linesOf(rejected).some(({ item_id, quantity }) => owned(item_id) < quantity),
      'No false "out of stock"',
      () => `saga ${sagaId} was rejected, but reserved units may be released`,
    );
  }
  /** A saga that is served leaves enough units for the sagas that came earlier and still wait. */
  function checkQueue(served: Reservation): void {
    if (stock.reservations.open.size === 0) {
      return;
    }
    const all = stock.reservations.all();
    const position = all.findIndex((reservation) => reservation.saga_id === served.saga_id);
    const ahead = all.slice(0, position).filter((reservation) => reservation.state === 'WAITING');
    const wanted = sums(ahead.flatMap(linesOf).map((line) => [line.item_id, line.quantity]));
    for (const itemId of served.item_ids) {
      const left = stock.items.get(itemId)?.available ?? 0;
      must(
        left >= (wanted.get(itemId) ?? 0),
        'First come, first served',
        () => `saga ${served.saga_id} overtook sagas that wait for item ${itemId}`,
      );
    }
  }
}

/**
 * Checks I3 and I6: when the system is at rest, every saga has ended, and in the same way in every service.
 *
 * After a restore, services may disagree on what the restored one has forgotten, but nothing stays open. A capture that
 * reaches order after order has forgotten its saga is parked, so an operator learns of it.
 * @param hears whether every capture does reach order after the restore
 */
export function checkEnded({ order, payment, stock }: World, hears: boolean): void {
  const tells = new Set(
    order.parked.all().flatMap(({ type, data }) => (type === 'payment.captured' ? data.saga_id : [])),
  );
  const isKnown = (sagaId: string) =>
    ![order, payment, stock].some(({ forgotten }) => forgotten.get(sagaId) === true);
  const ids = (rows: { saga_id: string; state: string }[], state: string) =>
    rows.flatMap((row) => (row.state === state && isKnown(row.saga_id) ? row.saga_id : [])).sort();
  const unfinished = [
    ...order.sagas.all().filter(({ state }) => state === 'PENDING'),
    ...stock.reservations.all().filter(({ state }) => state === 'WAITING' || state === 'RESERVED'),
  ].map(({ saga_id }) => saga_id);
  must(
    unfinished.length === 0,
    'I6',
    () => `the system is at rest, but sagas have not ended: ${[...new Set(unfinished)].join(', ')}`,
  );
  for (const { saga_id, state } of payment.charges.all()) {
    const ended = order.sagas.get(saga_id)?.state;
    const isForgotten = order.forgotten.get(saga_id) && ended !== 'PAID' && ended !== 'DISPUTED';
    must(
      !hears || state !== 'CAPTURED' || !isForgotten || tells.has(saga_id),
      'I3',
      () => `saga ${saga_id} was charged, order calls it neither paid nor disputed, and nobody is told`,
    );
  }
  const paid = ids(order.sagas.all(), 'PAID').join();
  const captured = ids(payment.charges.all(), 'CAPTURED').join();
  const sold = ids(stock.reservations.all(), 'COMMITTED').join();
  must(
    paid === captured && paid === sold,
    'I3',
    () => `the sagas PAID (${paid}), CAPTURED (${captured}) and COMMITTED (${sold}) differ`,
  );
}

/** Reserved units per item. */
function reservedUnits(reservations: readonly Reservation[]): Map<string, number> {
  const reserved = reservations.filter((reservation) => reservation.state === 'RESERVED');
  return sums(reserved.flatMap(linesOf).map((line) => [line.item_id, line.quantity]));
}

function sums(entries: (readonly [string, number])[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const [key, value] of entries) {
    sum.set(key, (sum.get(key) ?? 0) + value);
  }
  return sum;
}
