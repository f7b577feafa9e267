import { queuesFor } from '../../shared/contract/events';
import { MAX_UNREAD, REPEAT_INTERVAL_MS } from '../../shared/service/keep-asking';
import type { SagaView } from './saga-view';
import { ago, counted } from './text';

/** Who asks payment next about a saga that nobody has decided or heard of, and when. */

/** How long stock waits before it asks, unless ASK_AFTER_MS says otherwise. */
const ASK_AFTER_S = 15;
/** The time between two questions of stock: at least this, and a nineteenth of the time for which it had been undecided. */
const ASK_AGAIN_S = 20;
const SHARE = 19;
const LONGEST_S = 3_600;
/** After so many questions, payment's answers do not help, if it runs. */
const ASKED_IN_VAIN = 10;
/** How long after a question is due its service may take to notice that. */
const NOTICED_MS = 2 * REPEAT_INTERVAL_MS;

/** Says when stock asks payment to decide, if it waits for that. */
export function question(view: SagaView): string[] {
  const { stock, at } = view;
  if (stock?.state !== 'RESERVED' && stock?.state !== 'WAITING') {
    return [];
  }
  return [...inVain('Stock', stock.asked), nextQuestion(view, stock, at)];
}

function nextQuestion(view: SagaView, stock: NonNullable<SagaView['stock']>, at: Date): string {
  const unread = unreadQuestions(view);
  if (stock.asked_at && unread !== undefined) {
    return notRepeated('Stock', 'for its decision', unread);
  }
  const next = stock.asked_at
    ? secondsAfter(stock.asked_at, againAfter(stock.created_at, stock.asked_at))
    : secondsAfter(stock.created_at, ASK_AFTER_S);
  if (at < next) {
    return `Stock asks payment for its decision at ${next.toISOString()}, unless it has heard it by then.`;
  }
  if (at.getTime() - next.getTime() < NOTICED_MS) {
    return 'Stock is about to ask payment for its decision.';
  }
  const unless = stock.asked_at ? '' : ', unless its ASK_AFTER_MS is longer than the usual 15 s';
  return (
    `Stock should have asked payment for its decision ${ago(next, at)} and has not: stock is probably not ` +
    `running${unless}. Check it.`
  );
}

function againAfter(since: Date, asked: Date): number {
  const undecided = (asked.getTime() - since.getTime()) / 1_000;
  return Math.min(Math.max(undecided / SHARE, ASK_AGAIN_S), LONGEST_S);
}

function secondsAfter(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000);
}

function inVain(who: string, asked: number | null): string[] {
  return (asked ?? 0) >= ASKED_IN_VAIN
    ? [
        `${who} has asked payment ${asked} times in vain. If payment runs, only an operator can end it: see the dead ` +
          'letters, and docs/runbooks/InvariantViolated.md.',
      ]
    : [];
}

/** Says when order asks payment to cancel the saga. */
export function deadline(view: SagaView): string[] {
  const { order, at } = view;
  return order ? [...inVain('Order', order.asked), nextDeadline(view, order, at)] : [];
}

function nextDeadline(view: SagaView, order: NonNullable<SagaView['order']>, at: Date): string {
  const unread = unreadQuestions(view);
  // The first question sets `asked`.
  if (order.asked !== null && unread !== undefined) {
    return notRepeated('Order', 'to cancel it', unread);
  }
  const overdueMs = at.getTime() - order.deadline_at.getTime();
  if (overdueMs < 0) {
    return `Order asks payment to cancel it at ${order.deadline_at.toISOString()}, unless it has ended by then.`;
  }
  if (overdueMs < NOTICED_MS) {
    return 'Order is about to ask payment to cancel it.';
  }
  const due = `Order should have asked payment to cancel it ${ago(order.deadline_at, at)} and has not`;
  return `${due}: order is probably not running. Check it.`;
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
  if (length.consumers === 0) {
    return `nobody consumes ${QUESTIONS}`;
  }
  return length.messages > MAX_UNREAD ? `${QUESTIONS} has ${counted(length.messages, 'message')}` : undefined;
}

function notRepeated(who: string, what: string, unread: string): string {
  return `${who} has asked payment ${what}, and hardly repeats that before payment reads its queue: ${unread}.`;
}
