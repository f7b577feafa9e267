import { type EventType, serviceOf } from '../../shared/contract/events';
import { READABLE, whyDeferred } from '../../shared/inbox/blocked';
import type { SagaView } from './saga-view';
import { ago, counted } from './text';

/** Says where the event is that the step of a queue has not handled. */
export function clues(view: SagaView, type: EventType, queue: string): string[] {
  const { letters, unsent, deferred, unreadable, at } = view;
  const publisher = serviceOf(type);
  const found = [
    ...letters
      .filter(
        (deadLetter) => deadLetter.queue === queue && deadLetter.events.some((event) => event.type === type),
      )
      .map(({ id, parked_at, error_code, error, advice }) => {
        const when = parked_at === undefined ? '' : ` ${ago(new Date(parked_at), at)}`;
        if (advice !== undefined) {
          const dropped = `The broker took ${type} out of ${queue}${when}: ${error_code}, ${error}.`;
          return `${dropped} ${advice} The command is "npm run deadletters -- redrive ${id}".`;
        }
        const cause = `${queue} could not handle ${type} and parked it${when}: ${error_code}, ${error}.`;
        return `${cause} Fix the cause, then run "npm run deadletters -- redrive ${id}".`;
      }),
    // Each question has been answered with a row of its own. The oldest says enough.
    ...unsent
      .filter(({ service, routing_key }) => service === publisher && routing_key === type)
      .sort((a, b) => a.created_at.getTime() - b.created_at.getTime())
      .slice(0, 1)
      .map(({ created_at }) => {
        const unsent = `${type} was put into the outbox of ${publisher} ${ago(created_at, at)} and is not sent yet`;
        const why = `${publisher} is not running, cannot reach the broker, or the broker does not take it`;
        return `${unsent}: ${why}. The log of ${publisher} says which: docs/runbooks/OutboxStuck.md.`;
      }),
    ...deferred
      .filter((event) => event.queue === queue)
      .map(({ service, blocked_by, tries, deferred_at }) => {
        const waits = `${queue} set ${type} aside ${ago(deferred_at, at)}, because ${whyDeferred(blocked_by)}`;
        const advice =
          blocked_by === READABLE
            ? `Start the newer version of ${service} again`
            : `Find that session in pg_stat_activity of the database of ${service}, and end it`;
        return `${waits} (tried ${counted(tries + 1, 'time')}). ${advice}: docs/runbooks/RowsLocked.md.`;
      }),
  ];
  return found.length > 0 || 'broker' in unreadable ? found : [inQueue(view, type, queue)];
}

/** Handling a message takes milliseconds. Until this long after its cause, it may simply be on its way. */
const ON_ITS_WAY_MS = 5_000;

function inQueue(view: SagaView, type: EventType, queue: string): string {
  const consumer = serviceOf(queue);
  const length = view.queues.find((length) => length.queue === queue);
  const resend = `"npm run sagas -- resend ${view.saga_id} --reason …" sends it once more.`;
  if (length && length.messages === undefined) {
    return `The broker has no queue ${queue}, so ${type} is lost if it was sent. Restart ${consumer}, which declares it. ${resend}`;
  }
  const messages = length?.messages ?? 0;
  if (messages > 0) {
    const state = `${queue} has ${counted(messages, 'message')}`;
    return `${state}: ${consumer} is not running, or is behind. Check whether it runs.`;
  }
  if (view.at.getTime() - lastChange(view) < ON_ITS_WAY_MS) {
    return `No message waits in ${queue}: ${type} is on its way, or ${consumer} is handling it right now.`;
  }
  return (
    `No message waits in ${queue}: ${type} was lost, or ${consumer} hangs with it unacked. If ${consumer} handles ` +
    `nothing else either, restart it. Otherwise wait for the next question, or: ${resend}`
  );
}

/** When a service last changed anything about the saga. */
function lastChange({ order, stock, payment }: SagaView): number {
  const times = [order?.opened_at, order?.settled_at, stock?.updated_at, payment?.created_at];
  return Math.max(...times.map((time) => time?.getTime() ?? 0));
}
