import type { SagaView } from './saga-view';
import { ago } from './text';

/** Who asks payment next about a saga that nobody has decided or heard of, and when. */

/** How long stock waits before it asks, unless ASK_AFTER_MS says otherwise, and between two questions. */
const ASK_AFTER_S = 15;
const ASK_AGAIN_S = 20;
/** After so many questions that payment has read, order and stock ask only every hour. */
const ASKED_IN_VAIN = 10;

/** Says when stock asks payment to decide, if it waits for that. */
export function question({ stock }: SagaView): string[] {
  if (stock?.state !== 'RESERVED' && stock?.state !== 'WAITING') {
    return [];
  }
  if ((stock.asked ?? 0) >= ASKED_IN_VAIN) {
    return [
      `Stock has asked payment ${stock.asked} times in vain, and asks only every hour now. See the dead letters.`,
    ];
  }
  const [since, seconds] = stock.asked_at ? [stock.asked_at, ASK_AGAIN_S] : [stock.created_at, ASK_AFTER_S];
  const next = new Date(since.getTime() + seconds * 1_000).toISOString();
  return [`Stock asks payment for its decision at ${next}, unless it has heard it by then.`];
}

/** How long after a deadline order may take to notice it. */
const SWEEP_MS = 5_000;

/** Says when order asks payment to cancel the saga. */
export function deadline({ order, at }: SagaView): string[] {
  if (!order) {
    return [];
  }
  if ((order.asked ?? 0) >= ASKED_IN_VAIN) {
    const advice =
      'Only an operator can end it: see the dead letters, and docs/runbooks/InvariantViolated.md.';
    return [`Order has asked payment ${order.asked} times in vain, and asks only every hour now. ${advice}`];
  }
  const overdueMs = at.getTime() - order.deadline_at.getTime();
  if (overdueMs < 0) {
    return [
      `Order asks payment to cancel it at ${order.deadline_at.toISOString()}, unless it has ended by then.`,
    ];
  }
  if (overdueMs < SWEEP_MS) {
    return ['Order is about to ask payment to cancel it.'];
  }
  const due = `Order should have asked payment to cancel it ${ago(order.deadline_at, at)} and has not`;
  return [`${due}: order is probably not running. Check it.`];
}
