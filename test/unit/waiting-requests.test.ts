import { Admission } from '../../order/src/checkout/admission';
import { HeldCheckouts, type Outcome } from '../../order/src/checkout/waiting-requests';
import { sagaId } from '../support/events';

const LONG_MS = 60_000;
const paid = (n: number): Outcome => ({ saga_id: sagaId(n), state: 'PAID', reason: null });

test('everybody who holds a saga is told its outcome, and nobody else is', async () => {
  const held = new HeldCheckouts();
  const [one, two, other] = [held.hold(sagaId(1)), held.hold(sagaId(1)), held.hold(sagaId(2))];
  held.tell([paid(1)]);
  expect(await one.outcome(LONG_MS)).toEqual(paid(1));
  expect(await two.outcome(LONG_MS)).toEqual(paid(1));
  expect(await other.outcome(0)).toBeUndefined();
});

test('an outcome that is told before anybody asks for it is not missed', async () => {
  const held = new HeldCheckouts();
  const hold = held.hold(sagaId(1));
  held.tell([paid(1)]);
  held.tell([{ saga_id: sagaId(1), state: 'FAILED', reason: 'cancelled' }]);
  expect(await hold.outcome(LONG_MS)).toEqual(paid(1));
});

test('who gives up, or is released because its client has gone, is told nothing and waits no longer', async () => {
  const held = new HeldCheckouts();
  expect(await held.hold(sagaId(1)).outcome(0)).toBeUndefined();
  const hold = held.hold(sagaId(1));
  const asked = hold.outcome(LONG_MS);
  hold.release();
  expect(await asked).toBeUndefined();
  expect(await hold.outcome(LONG_MS)).toBeUndefined();
  held.hold(sagaId(1)).release();
  expect(held.waitedFor(-1)).toEqual([]);
});

test('one who gives up leaves the others of the same saga waiting', async () => {
  const held = new HeldCheckouts();
  const [one, two] = [held.hold(sagaId(1)), held.hold(sagaId(1))];
  one.release();
  one.release();
  held.tell([paid(1)]);
  expect(await two.outcome(LONG_MS)).toEqual(paid(1));
});

test('one who gives up late does not take along whoever holds the saga anew', async () => {
  const held = new HeldCheckouts();
  const early = held.hold(sagaId(1));
  held.tell([paid(1)]);
  const anew = held.hold(sagaId(1));
  early.release();
  held.tell([paid(1)]);
  expect(await anew.outcome(LONG_MS)).toEqual(paid(1));
});

test('sagas that are waited for can be looked up, each once, until they are told', () => {
  const held = new HeldCheckouts();
  held.hold(sagaId(1));
  held.hold(sagaId(1));
  held.hold(sagaId(2));
  expect(held.waitedFor(LONG_MS)).toEqual([]);
  expect(held.waitedFor(-1)).toEqual([sagaId(1), sagaId(2)]);
  held.tell([paid(1)]);
  expect(held.waitedFor(-1)).toEqual([sagaId(2)]);
});

describe('admission', () => {
  test('lets in as many as one replica may hold, and the next when one has left', () => {
    const admission = new Admission({ held: 2, inFlight: 100 });
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([true, true, false]);
    admission.leave();
    expect(admission.enter()).toBe(true);
  });

  test('refuses when the whole shop has too much in flight, until it is counted again', () => {
    const admission = new Admission({ held: 100, inFlight: 10 });
    admission.counted(9);
    expect(admission.enter()).toBe(true);
    admission.opened();
    expect(admission.enter()).toBe(false);
    admission.leave();
    expect(admission.enter()).toBe(false);
    admission.counted(3);
    expect(admission.enter()).toBe(true);
  });
});
