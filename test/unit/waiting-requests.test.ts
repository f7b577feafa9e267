import { Admission } from '../../order/src/checkout/admission';
import { type Outcome, WaitingRequests } from '../../order/src/checkout/waiting-requests';
import { sagaId } from '../support/events';

const LONG_MS = 60_000;
const paid = (n: number): Outcome => ({ saga_id: sagaId(n), state: 'PAID', reason: null });

test('an outcome reaches every request that waits for its saga, and no other', async () => {
  const waiting = new WaitingRequests();
  const [first, second, other] = [waiting.add(sagaId(1)), waiting.add(sagaId(1)), waiting.add(sagaId(2))];
  waiting.resolve([paid(1)]);
  expect(await first.outcome(LONG_MS)).toEqual(paid(1));
  expect(await second.outcome(LONG_MS)).toEqual(paid(1));
  expect(await other.outcome(0)).toBeUndefined();
});

test('an outcome that arrives before the request asks for it is not missed', async () => {
  const waiting = new WaitingRequests();
  const request = waiting.add(sagaId(1));
  waiting.resolve([paid(1)]);
  waiting.resolve([{ saga_id: sagaId(1), state: 'FAILED', reason: 'cancelled' }]);
  expect(await request.outcome(LONG_MS)).toEqual(paid(1));
});

test('a request that gives up or is released gets no outcome and stops waiting', async () => {
  const waiting = new WaitingRequests();
  expect(await waiting.add(sagaId(1)).outcome(0)).toBeUndefined();
  const request = waiting.add(sagaId(1));
  const outcome = request.outcome(LONG_MS);
  request.release();
  expect(await outcome).toBeUndefined();
  expect(await request.outcome(LONG_MS)).toBeUndefined();
  waiting.add(sagaId(1)).release();
  expect(waiting.waitingLongerThan(-1)).toEqual([]);
});

test('a request that gives up leaves the others of the same saga waiting', async () => {
  const waiting = new WaitingRequests();
  const [first, second] = [waiting.add(sagaId(1)), waiting.add(sagaId(1))];
  first.release();
  first.release();
  waiting.resolve([paid(1)]);
  expect(await second.outcome(LONG_MS)).toEqual(paid(1));
});

test('a late release does not remove another request that waits for the same saga by then', async () => {
  const waiting = new WaitingRequests();
  const early = waiting.add(sagaId(1));
  waiting.resolve([paid(1)]);
  const later = waiting.add(sagaId(1));
  early.release();
  waiting.resolve([paid(1)]);
  expect(await later.outcome(LONG_MS)).toEqual(paid(1));
});

test('lists each saga that a request waits for once, until its outcome arrives', () => {
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
  test('lets in as many requests as may wait on one replica, and another when one leaves', () => {
    const admission = new Admission({ waiting: 2, inFlight: 100 });
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([true, true, false]);
    admission.leave();
    expect(admission.enter()).toBe(true);
  });

  test('refuses when the whole shop has too many sagas in flight, until they are counted again', () => {
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
