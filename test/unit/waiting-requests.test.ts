import { Admission } from '../../order/src/checkout/admission';
import { type Outcome, WaitingRequests } from '../../order/src/checkout/waiting-requests';
import { sagaId } from '../support/events';

const LONG_MS = 60_000;
const paid = (n: number): Outcome => ({ saga_id: sagaId(n), state: 'PAID', reason: null });

test('everybody who holds a saga is told its outcome, and nobody else is', async () => {
  const waiting = new WaitingRequests();
  const [one, two, other] = [waiting.add(sagaId(1)), waiting.add(sagaId(1)), waiting.add(sagaId(2))];
  waiting.resolve([paid(1)]);
  expect(await one.outcome(LONG_MS)).toEqual(paid(1));
  expect(await two.outcome(LONG_MS)).toEqual(paid(1));
  expect(await other.outcome(0)).toBeUndefined();
});

test('an outcome that is told before anybody asks for it is not missed', async () => {
  const waiting = new WaitingRequests();
  const request = waiting.add(sagaId(1));
  waiting.resolve([paid(1)]);
  waiting.resolve([{ saga_id: sagaId(1), state: 'FAILED', reason: 'cancelled' }]);
  expect(await request.outcome(LONG_MS)).toEqual(paid(1));
});

test('who gives up, or is released because its client has gone, is told nothing and waits no longer', async () => {
  const waiting = new WaitingRequests();
  expect(await waiting.add(sagaId(1)).outcome(0)).toBeUndefined();
  const request = waiting.add(sagaId(1));
  const asked = request.outcome(LONG_MS);
  request.release();
  expect(await asked).toBeUndefined();
  expect(await request.outcome(LONG_MS)).toBeUndefined();
  waiting.add(sagaId(1)).release();
  expect(waiting.waitingLongerThan(-1)).toEqual([]);
});

test('one who gives up leaves the others of the same saga waiting', async () => {
  const waiting = new WaitingRequests();
  const [one, two] = [waiting.add(sagaId(1)), waiting.add(sagaId(1))];
  one.release();
  one.release();
  waiting.resolve([paid(1)]);
  expect(await two.outcome(LONG_MS)).toEqual(paid(1));
});

test('one who gives up late does not take along whoever holds the saga anew', async () => {
  const waiting = new WaitingRequests();
  const early = waiting.add(sagaId(1));
  waiting.resolve([paid(1)]);
  const anew = waiting.add(sagaId(1));
  early.release();
  waiting.resolve([paid(1)]);
  expect(await anew.outcome(LONG_MS)).toEqual(paid(1));
});

test('sagas that are waited for can be looked up, each once, until they are told', () => {
  const waiting = new WaitingRequests();
  waiting.add(sagaId(1));
  waiting.add(sagaId(1));
  waiting.add(sagaId(2));
  expect(waiting.waitingLongerThan(LONG_MS)).toEqual([]);
  expect(waiting.waitingLongerThan(-1)).toEqual([sagaId(1), sagaId(2)]);
  waiting.resolve([paid(1)]);
  expect(waiting.waitingLongerThan(-1)).toEqual([sagaId(2)]);
});

describe('admission', () => {
  test('lets in as many as one replica may request, and the next when one has left', () => {
    const admission = new Admission({ waiting: 2, inFlight: 100 });
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([true, true, false]);
    admission.leave();
    expect(admission.enter()).toBe(true);
  });

  test('refuses when the whole shop has too much in flight, until it is counted again', () => {
    const admission = new Admission({ waiting: 100, inFlight: 10 });
    admission.recordInFlight(9);
    expect(admission.enter()).toBe(true);
    admission.recordOpened();
    expect(admission.enter()).toBe(false);
    admission.leave();
    expect(admission.enter()).toBe(false);
    admission.recordInFlight(3);
    expect(admission.enter()).toBe(true);
  });
});
