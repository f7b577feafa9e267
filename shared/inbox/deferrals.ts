import { encodeBatch } from '../contract/cloudevents';
import type { SagaEvent } from '../contract/events';
import {
  deferrals as deferralsTotal,
  deferredEvents,
  deferredOldestAge,
  sharedReading,
} from '../observe/metrics';
import type { Database } from '../postgres/database';
import { asJson } from '../postgres/statement';
import type { Tx } from '../postgres/tx';
import { READABLE } from './blocked';
import {
  claimDeferred,
  countDeferred,
  deleteDeferred,
  insertDeferred,
  postponeDeferred,
} from './deferral-statements';

/**
 * Events that wait for a row which another session has locked. They are rows of the service's own database, written in
 * the transaction that handles the rest of their batch, so their message can be acknowledged: a message that is kept
 * for minutes would take up the prefetch, and with a few of them the step would stand still.
 *
 *     delivered          its row is locked             deferred, and due at once
 *     deferred, and due  its row is free in 500 ms     handled; the same transaction deletes the deferral
 *     deferred, and due  its row is not                deferred again: for 250 ms, then twice as long each time, up to 4 s
 *     deferred, and due  this version cannot read it   deferred again
 *
 * So an event that was in the way of another replica is late by milliseconds, and what is deferred twice waits for a
 * stranger.
 */

/** An event for a step, and the id of its deferral if it was deferred before. */
export interface Task {
  readonly event: SagaEvent;
  readonly deferral?: number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;
/** How long a process keeps a deferral that it has claimed. If it dies, another one takes it after that. */
const LEASE_MS = 10_000;
/** The most deferred events of a service. Beyond it a step keeps its messages, and the queue holds the rest. */
const MAX_DEFERRED = 100_000;

/** Records what became of a batch: some of its events are handled by now, and the others are blocked. */
export async function recordDeferrals(
  tx: Tx,
  queue: string,
  { handled, blocked }: { handled: readonly Task[]; blocked: ReadonlyMap<Task, string> },
): Promise<void> {
  const done = handled.flatMap(({ deferral }) => deferral ?? []);
  if (done.length > 0) {
    tx.send(deleteDeferred, [done]);
  }
  if (blocked.size === 0) {
    return;
  }
  const [again, first] = [
    [...blocked].filter(isDeferred),
    [...blocked].filter((entry) => !isDeferred(entry)),
  ];
  if (again.length > 0) {
    postpone(
      tx,
      again.map(([{ deferral }, row]) => [deferral as number, row]),
    );
  }
  if (first.length > 0) {
    const [now] = await tx.run(countDeferred);
    if ((now?.count ?? 0) + first.length > MAX_DEFERRED) {
      throw new Error(
        `${MAX_DEFERRED} events wait for rows that another session has locked: end that session`,
      );
    }
    const time = new Date().toISOString();
    tx.send(insertDeferred, [
      queue,
      first.map(([{ event }]) => event.data.saga_id),
      first.map(([{ event }]) => encodeBatch([event], time)),
      first.map(([, row]) => row),
    ]);
  }
  deferralsTotal.inc({ queue }, blocked.size);
}

/** @param rows what each deferral waits for, by its id */
function postpone(tx: Tx, rows: readonly (readonly [number, string])[]): void {
  const waits = asJson(rows.map(([id, row]) => [String(id), row]));
  tx.send(postponeDeferred, [waits, FIRST_WAIT_MS, LONGEST_WAIT_MS]);
}

/**
 * Keeps deferrals that this version cannot read: a newer one wrote them, before it was replaced by this one. They are no
 * fault of their own, so they are not parked, and the next version that can read them handles them.
 */
export function keepUnreadable(tx: Tx, queue: string, ids: readonly number[]): void {
  postpone(
    tx,
    ids.map((id) => [id, READABLE]),
  );
  deferralsTotal.inc({ queue }, ids.length);
}

/** Takes deferred events of a queue that are due, each as the body of a message. */
export function claimDue(tx: Tx, queue: string, most: number): Promise<{ id: number; body: string }[]> {
  return tx.run(claimDeferred, [queue, LEASE_MS, most]);
}

/** Exports how many events wait, and for how long. */
export function watchDeferred(database: Database): void {
  const count = sharedReading(() => database.transaction((tx) => tx.run(countDeferred)));
  deferredEvents.from(async () => (await count())[0]?.count ?? 0);
  deferredOldestAge.from(async () => (await count())[0]?.oldest_age_seconds ?? 0);
}

function isDeferred([task]: readonly [Task, string]): boolean {
  return task.deferral !== undefined;
}
