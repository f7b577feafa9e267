import { queuesFor } from '../../shared/contract/events';
import { MAX_UNREAD, REPEAT_INTERVAL_MS } from '../../shared/service/keep-asking';
import type { SagaView } from './saga-view';
import { ago, counted } from './text';

/** Who asks payment next about a saga that nobody has decided or heard of, and when. */

/** How long stock waits before it asks, unless ASK_AFTER_MS says otherwise, and between two questions. */
const ASK_AFTER_S = 15;
const ASK_AGAIN_S = 20;
/** After so many questions that payment has read, order and stock ask only every hour. */
const ASKED_IN_VAIN = 10;
/** How long after a question is due its service may take to notice that. */
const NOTICED_MS = 2 * REPEAT_INTERVAL_MS;

/** Says when stock asks payment to decide, if it waits for that. */
export function question(view: SagaView): string[] {
  const { stock, at } = view;
  if (stock?.state !== 'RESERVED' && stock?.state !== 'WAITING') {
    return [];
  }
  if ((stock.asked ?? 0) >= ASKED_IN_VAIN) {
    return [
      `Stock has asked payment ${stock.asked} times in vain, and asks only every hour now. See the dead letters.`,
    ];
  }
  const unread = unreadQuestions(view);
  if (stock.asked_at && unread !== undefined) {
    return [notRepeated('Stock', 'for its decision', unread)];
  }
  const [since, seconds] = stock.asked_at ? [stock.asked_at, ASK_AGAIN_S] : [stock.created_at, ASK_AFTER_S];
  const next = new Date(since.getTime() + seconds * 1_000);
  if (at < next) {
    return [`Stock asks payment for its decision at ${next.toISOString()}, unless it has heard it by then.`];
  }
  if (at.getTime() - next.getTime() < NOTICED_MS) {
    return ['Stock is about to ask payment for its decision.'];
  }
  const unless = stock.asked_at ? '' : ', unless its ASK_AFTER_MS is longer than the usual 15 s';
  return [
    `Stock should have asked payment for its decision ${ago(next, at)} and has not: stock is probably not ` +
      `running${unless}. Check it.`,
  ];
}

/** Says when order asks payment to cancel the saga. */
export function deadline(view: SagaView): string[] {
  const { order, at } = view;
  if (!order) {
    return [];
  }
  if ((order.asked ?? 0) >= ASKED_IN_VAIN) {
    const advice =
      'Only an operator can end it: see the dead letters, and docs/runbooks/InvariantViolated.md.';
    return [`Order has asked payment ${order.asked} times in vain, and asks only every hour now. ${advice}`];
  }
  const unread = unreadQuestions(view);
  // The first question sets `asked` to 0.
  if (order.asked !== null && unread !== undefined) {
    return [notRepeated('Order', 'to cancel it', unread)];
  }
  const overdueMs = at.getTime() - order.deadline_at.getTime();
  if (overdueMs < 0) {
    return [
      `Order asks payment to cancel it at ${order.deadline_at.toISOString()}, unless it has ended by then.`,
    ];
  }
  if (overdueMs < NOTICED_MS) {
    return ['Order is about to ask payment to cancel it.'];
  }
  const due = `Order should have asked payment to cancel it ${ago(order.deadline_at, at)} and has not`;
  return [`${due}: order is probably not running. Check it.`];
}

/** Order and stock put their questions into the same queue. */
const QUESTIONS = queuesFor('order.checkout_cancel_requested')[0] as string;

/** Why no question is repeated now, as shared/service/keep-asking.ts has it; undefined while payment reads its queue. */
function unreadQuestions({ queues }: SagaView): string | undefined {
  const length = queues.find(({ queue }) => queue === QUESTIONS);
  if (length === undefined) {
    return `how many messages ${QUESTIONS} has is not known`;
  }
  if (length.messages === undefined) {
    return `the broker has no queue ${QUESTIONS}`;
  }
  return length.messages > MAX_UNREAD ? `${QUESTIONS} has ${counted(length.messages, 'message')}` : undefined;
}

function notRepeated(who: string, what: string, unread: string): string {
  return `${who} has asked payment ${what}, and hardly repeats that before payment reads its queue: ${unread}.`;
}
