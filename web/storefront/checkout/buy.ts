import { answerTo, NoAnswer, Refused } from '../../client/answers';
import { api } from '../../client/index';
import { queryClient } from '../../ui/query-client';
import { takeOutBought, totalOf } from '../basket/basket';
import { creditKey } from '../people/credit';
import {
  type Attempt,
  keepAttempt,
  progress,
  type Result,
  type Step,
  type StepName,
  type StepState,
} from './attempt';
import { follow } from './follow';
import { prepare, type RunStep } from './prepare';

const STEPS: readonly StepName[] = ['till', 'order', 'lines', 'payment'];

/**
 * Buys, and shows each step as it happens. It ends only with what is certain: whatever was sent and not answered is looked
 * up before anything else is offered.
 */
export async function buy(attempt: Attempt): Promise<void> {
  if (progress.get()?.isRunning) {
    return;
  }
  progress.set({ attempt, isRunning: true, steps: STEPS.map((name) => ({ name, state: 'open' })) });
  let result: Result;
  try {
    result = await run(attempt);
  } catch (error) {
    result = resultOfFault(error);
  }
  end(result);
}

async function run(attempt: Attempt): Promise<Result> {
  // An earlier payment may have gone through, though nobody heard of it.
  if (attempt.isSent && attempt.orderId !== undefined) {
    const found = await waitFor(attempt, attempt.orderId);
    if (found.kind !== 'not arrived') {
      return found;
    }
  }
  const written = await prepare(attempt, step);
  const sent = { ...written, isSent: true };
  keepAttempt(sent);
  setAttempt(sent);
  return pay(sent);
}

async function pay(attempt: Attempt & { orderId: string }): Promise<Result> {
  const { orderId } = attempt;
  const answer = await step('payment', () => sendPayment(attempt));
  return answer === 'unknown' ? waitFor(attempt, orderId) : answer;
}

/** Returns "unknown" while nobody can say how it will end, or how it has ended. */
async function sendPayment({ id, orderId, lines, refusals }: Attempt & { orderId: string }) {
  const params = {
    path: { order_id: orderId },
    header: { 'Idempotency-Key': `${id}-payment-${refusals}` },
  };
  try {
    const { status } = await answerTo(api.POST('/orders/checkout/{order_id}', { params }));
    return status === 202 ? 'unknown' : ({ kind: 'paid', orderId, total: totalOf(lines) } as const);
  } catch (error) {
    if (
      error instanceof NoAnswer ||
      (error instanceof Refused && error.reason === 'idempotency_key_in_flight')
    ) {
      return 'unknown';
    }
    return resultOfFault(error);
  }
}

function waitFor(attempt: Attempt, orderId: string): Promise<Result> {
  return step('waiting', (say) => follow({ attempt, orderId, say }));
}

function resultOfFault(error: unknown): Result {
  if (!(error instanceof Refused)) {
    return { kind: 'not arrived' };
  }
  const { reason = 'refused', message: detail, retryAfterSeconds: seconds = 1, sagaId } = error;
  if (error.isBusy || reason === 'order_locked') {
    return { kind: 'busy', seconds };
  }
  return { kind: 'refused', reason, detail, sagaId };
}

function end(result: Result): void {
  const attempt = current();
  setAttempt(attempt, { result, isRunning: false });
  if (result.kind === 'paid') {
    keepAttempt(undefined);
    takeOutBought(attempt.lines);
  } else if (result.kind === 'refused') {
    const { sagaId = attempt.refusedSaga } = result;
    keepAttempt({ ...attempt, isSent: false, refusals: attempt.refusals + 1, refusedSaga: sagaId });
  } else if (result.kind === 'busy') {
    keepAttempt({ ...attempt, isSent: false });
  }
  void queryClient.invalidateQueries({ queryKey: creditKey(attempt.userId) });
  for (const key of ['orders', 'product', 'goods', 'own vote']) {
    void queryClient.invalidateQueries({ queryKey: [key] });
  }
}

const current = () => progress.get()?.attempt as Attempt;

function setAttempt(attempt: Attempt, change: { result?: Result; isRunning?: boolean } = {}): void {
  const before = progress.get();
  if (before !== undefined) {
    progress.set({ ...before, attempt, ...change });
  }
}

const step: RunStep = async (name, work) => {
  show({ name, state: 'running' });
  try {
    const done = await work((detail) => show({ name, state: 'running', detail }));
    show({ name, state: stateAfter(done) });
    return done;
  } catch (error) {
    show({ name, state: 'failed' });
    throw error;
  }
};

function stateAfter(done: unknown): StepState {
  if (done === 'unknown') {
    return 'unsure';
  }
  const isNo = typeof done === 'object' && done !== null && 'kind' in done && done.kind !== 'paid';
  return isNo ? 'failed' : 'done';
}

/** Waiting is a step only if there is something to wait for. */
function show(step: Step): void {
  const before = progress.get();
  if (before === undefined) {
    return;
  }
  const isKnown = before.steps.some(({ name }) => name === step.name);
  const steps = isKnown
    ? before.steps.map((other) => (other.name === step.name ? step : other))
    : [...before.steps, step];
  progress.set({ ...before, steps });
}
