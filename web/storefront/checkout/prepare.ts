import { must, NoAnswer, Refused } from '../../client/answers';
import { api } from '../../client/index';
import { goToTill } from '../people/credit';
import { type Attempt, keepAttempt, type StepName } from './attempt';

/** Each step is named, begins, and ends before the next one begins. */
export type RunStep = <T>(name: StepName, work: (say: (detail: string) => void) => Promise<T>) => Promise<T>;

const ATTEMPTS = 3;
const PAUSE_MS = 1_000;

/** Writes the order, up to where it can be paid. All of it can be repeated: the shop does each part once. */
export async function prepare(attempt: Attempt, step: RunStep): Promise<Attempt & { orderId: string }> {
  const { id, userId: user_id, lines } = attempt;
  await step('till', () => patiently(() => goToTill(user_id)));
  const orderId = await step('order', async () => {
    const params = { path: { user_id }, header: { 'Idempotency-Key': `${id}-order` } };
    const created = await patiently(() => must(api.POST('/orders/create/{user_id}', { params })));
    return created.order_id;
  });
  const written = { ...attempt, orderId };
  keepAttempt(written);
  await step('lines', async (say) => {
    for (const [i, { item_id, name, quantity }] of lines.entries()) {
      say(`${i + 1} of ${lines.length}: ${quantity} × ${name}`);
      const params = {
        path: { order_id: orderId, item_id, quantity },
        header: { 'Idempotency-Key': `${id}-${item_id}` },
      };
      await patiently(() => must(api.POST('/orders/addItem/{order_id}/{item_id}/{quantity}', { params })));
    }
  });
  return written;
}

/** Sends a request again if there is no answer, or if the shop was busy. */
async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const isWorthIt =
        error instanceof NoAnswer ||
        (error instanceof Refused && (error.isBusy || error.reason === 'idempotency_key_in_flight'));
      if (!isWorthIt || attempt >= ATTEMPTS) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
    }
  }
}
