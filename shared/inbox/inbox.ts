import { type Decoded, decodeBatch } from '../contract/cloudevents';
import { eventsFor } from '../contract/events';
import type { Logger } from '../observe/log';
import { startAtZero } from '../observe/metrics';
import type { Outbox } from '../outbox/outbox';
import type { Delivery } from '../rabbit/consumer';
import { smartBatch } from '../service/batch';
import { repeat } from '../service/loop';
import type { Caution } from './caution';
import type { DeadLetters } from './dead-letters';
import { claimDue, keepUnreadable, type Task } from './deferrals';
import { openDue } from './due';
import { openHandler } from './handler';
import { type Malformed, openParking } from './parking';
import type { Step } from './step';

/**
 * Delivery → transaction → step → acknowledgement. Its guarantees: a message is acknowledged only after its events are
 * committed, deferred or parked; whatever keeps the database from being used delays messages and loses none; an event
 * that needs a locked row waits alone; and an event that cannot be handled is parked alone while the rest of its batch
 * goes on.
 */
export interface Inbox {
  onDelivery(delivery: Delivery): void;
  /** Call it after the last delivery. Resolves when every delivery is acknowledged or abandoned. */
  close(): Promise<void>;
}

const POLL_MS = 250;
/** However many ask for a look while one runs, the next one is for all of them. */
const MAX_LOOKS = 100_000;
/** Without caution there is hardly anything to find: only what a replica left that has died. */
const POLLS_PER_LOOK = 8;

const UNREADABLE =
  'this version cannot read events that a newer one has deferred; they are kept until one that can is started again';

export function openInbox(options: {
  step: Step;
  outbox: Outbox;
  deadLetters: DeadLetters;
  caution: Caution;
  log: Logger;
  batchSize: number;
  batchesInFlight: number;
}): Inbox {
  const { step, outbox, deadLetters, caution, batchSize } = options;
  const log = options.log.child({ step: step.queue });
  const accepted = eventsFor(step.queue);
  const stopping = new AbortController();
  const { signal } = stopping;
  const parking = openParking({ queue: step.queue, deadLetters, log, signal });
  const handle = openHandler({ step, outbox, parking, caution, onDeferred: look, log, signal });
  const deferred = openDue(handle, caution);
  startAtZero(step.queue);

  const batches = smartBatch<Task, void>({
    max: batchSize,
    inFlight: options.batchesInFlight,
    async run(tasks) {
      await handle(tasks);
      return [];
    },
  });

  async function receive(delivery: Delivery): Promise<void> {
    const tasks: Task[] = [];
    const malformed: Malformed[] = [];
    for (const part of decode(delivery.body)) {
      if ('event' in part) {
        tasks.push(part);
      } else {
        malformed.push(part);
      }
    }
    await Promise.all([parking.parkMalformed(malformed, delivery.body), batches.submitAll(tasks)]);
    delivery.ack();
  }

  function decode(body: Buffer | string): (Decoded | Malformed)[] {
    try {
      return decodeBatch(body.toString(), accepted);
    } catch (error) {
      return [{ body: Buffer.from(body), error: (error as SyntaxError).message }];
    }
  }

  const looks = smartBatch<void, void>({
    max: MAX_LOOKS,
    inFlight: 1,
    async run() {
      const { due } = await outbox.transaction(async (tx) => ({
        emit: [],
        due: await claimDue(tx, step.queue, batchSize),
      }));
      const tasks = due.flatMap(({ id, body }) =>
        decode(body).flatMap((part) => ('event' in part ? [{ ...part, deferral: id }] : [])),
      );
      const read = new Set(tasks.map(({ deferral }) => deferral));
      await keep(due.filter(({ id }) => !read.has(id)));
      if (tasks.length > 0) {
        await deferred.handle(tasks);
      }
      if (due.length === batchSize) {
        look();
      }
      return [];
    },
  });

  async function keep(unreadable: readonly { id: number; body: string }[]): Promise<void> {
    const [first] = unreadable;
    if (first) {
      const [part] = decode(first.body);
      const reason = part && 'error' in part ? part.error : 'there is no event';
      log.warn({ reason, events: unreadable.length }, UNREADABLE);
      await outbox.transaction(async (tx) => {
        keepUnreadable(
          tx,
          step.queue,
          unreadable.map(({ id }) => id),
        );
        return { emit: [] };
      });
    }
  }

  function look(): void {
    if (!signal.aborted) {
      looks.submit().catch(logFailure);
    }
  }

  function logFailure(error: unknown): void {
    if (!signal.aborted) {
      log.warn({ err: error }, 'could not look for deferred events; trying again');
    }
  }

  let polls = 0;
  async function poll(): Promise<void> {
    polls++;
    if (caution.isAdvised() || polls % POLLS_PER_LOOK === 0) {
      await looks.submit();
    }
  }
  const polling = repeat(POLL_MS, poll, logFailure);

  const receiving = new Set<Promise<void>>();

  return {
    onDelivery(delivery) {
      const received = receive(delivery)
        .catch((error) => {
          if (signal.aborted) {
            return;
          }
          log.error({ err: error }, 'could not handle a delivery; it stays unacked until its channel closes');
        })
        .finally(() => receiving.delete(received));
      receiving.add(received);
    },
    async close() {
      stopping.abort();
      await polling.stop();
      await looks.idle();
      await deferred.idle();
      await Promise.all(receiving);
    },
  };
}
