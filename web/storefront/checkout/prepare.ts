import { must } from '../../client/answers';
import { api } from '../../client/index';
import { patiently } from '../../client/patiently';
import { goToTill } from '../people/credit';
import { type Attempt, keepAttempt, type StepName } from './attempt';

/** Each step is named, begins, and ends before the next one begins. */
export type RunStep = <T>(name: StepName, work: (say: (detail: string) => void) => Promise<T>) => Promise<T>;

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
