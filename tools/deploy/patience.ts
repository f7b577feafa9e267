// How a migration waits. Whoever waits for a lock of a table stands in front of everybody who comes later, even of
// those who could share it with its holder. So nothing here waits long in such a queue: it gives up, lets the others
// pass, and tries again. All the while it says who is in the way.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, DatabaseError } from 'pg';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { type Blocker, blockersOf, describeBlockers, isAutovacuum } from './blockers';

/** The connection that migrates, another one to look what it waits for, and the limit of each wait. */
export interface Session {
  readonly client: Client;
  readonly pid: number;
  readonly watcher: Client;
  readonly waitMs: number;
  readonly say: (text: string) => void;
}

/**
 * Well below the 500 ms that a saga waits for a lock (shared/service/run-participant.ts): who comes just after us and waits
 * behind us still gets its lock in time.
 */
const TURN_MS = 300;
/** Turns get rarer: one a second at first. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 10_000;
export const SAY_EVERY_MS = 10_000;

/**
 * Runs work in a transaction whose locks are waited for in short turns.
 * @throws Error that says who is in the way, when the time is up
 */
export async function inTurns(session: Session, what: string, work: () => Promise<void>): Promise<void> {
  const { client, say, waitMs } = session;
  const end = Date.now() + waitMs;
  let turnMs = TURN_MS;
  for (let turn = 1; ; turn++) {
    const watch = watchBlockers(session, turnMs / 4);
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = ${turnMs}`);
      await work();
      await client.query('COMMIT');
      return;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      throwUnlessPassing(error);
      const pauseMs = Math.min(turn * PAUSE_MS, MAX_PAUSE_MS);
      if (Date.now() + pauseMs > end) {
        throw timeUp(what, waitMs, watch.seen());
      }
      const blockers = describeBlockers(watch.seen());
      say(
        `${what} waits for a lock of ${blockers}. It tries again in ${pauseMs / 1_000} s; requests pass meanwhile.`,
      );
      turnMs = isAutovacuum(watch.seen()) ? await autovacuumMs(client) : TURN_MS;
      await sleep(pauseMs);
    } finally {
      await watch.stop();
    }
  }
}

/** Runs work outside a transaction, whose locks stand in nobody's way, so that it may wait for them. */
export async function patiently(session: Session, what: string, work: () => Promise<void>): Promise<void> {
  const { client, say, waitMs } = session;
  const end = Date.now() + waitMs;
  const watch = watchBlockers(session, 1_000, (blockers) =>
    say(`${what} waits for ${describeBlockers(blockers)}. Requests are not held up by it.`),
  );
  try {
    for (;;) {
      await client.query(`SET lock_timeout = ${Math.max(1, end - Date.now())}`);
      const passing = await work().then(() => undefined, throwUnlessPassing);
      if (passing === undefined) {
        return;
      }
      if (Date.now() + PAUSE_MS > end) {
        throw timeUp(what, waitMs, watch.seen());
      }
      await sleep(PAUSE_MS);
    }
  } finally {
    await watch.stop();
  }
}

/** Waits for other sessions without a transaction of our own, because one of them may wait for all transactions. */
export async function until(
  { waitMs, say }: Session,
  what: string,
  isDone: () => Promise<boolean>,
  look: () => Promise<Blocker[]>,
): Promise<void> {
  const end = Date.now() + waitMs;
  let said = 0;
  while (!(await isDone())) {
    if (Date.now() > end) {
      throw timeUp('This run', waitMs, await look());
    }
    if (Date.now() - said > SAY_EVERY_MS) {
      said = Date.now();
      say(`${what}: ${describeBlockers(await look())}. This run waits for its end.`);
    }
    await sleep(500);
  }
}

/** Returns an error after which the same work can succeed: it got no lock, or got in another transaction's way. */
function throwUnlessPassing(error: unknown): DatabaseError {
  const passing: string[] = [SQLSTATE.LOCK_NOT_AVAILABLE, SQLSTATE.DEADLOCK_DETECTED];
  // GRANT and ALTER TABLE meet in the catalog, which has no code of its own for that.
  const inCatalog = 'tuple concurrently updated';
  if (error instanceof DatabaseError && (passing.includes(error.code ?? '') || error.message === inCatalog)) {
    return error;
  }
  throw error;
}

/**
 * An automatic vacuum is stopped by who has waited for it for deadlock_timeout. That is longer than a saga waits: what
 * comes meanwhile is deferred, or its request tries again, so checkouts are late by so much, once. The other requests
 * wait for 2 s.
 */
async function autovacuumMs(client: Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    `SELECT (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000)::int AS ms`,
  );
  return (rows[0]?.ms ?? 1_000) + TURN_MS;
}

/** Looks again and again who is in the way, while the migrating connection is busy. */
function watchBlockers({ watcher, pid }: Session, everyMs: number, report?: (blockers: Blocker[]) => void) {
  let last: Blocker[] = [];
  let said = 0;
  let looking = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) {
      return;
    }
    busy = true;
    looking = blockersOf(watcher, pid)
      .then((found) => {
        last = found.length > 0 ? found : last;
        if (found.length > 0 && Date.now() - said > SAY_EVERY_MS) {
          said = Date.now();
          report?.(found);
        }
      })
      // What it fails with is of no use: the migrating connection says what is wrong.
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return {
    seen: () => last,
    stop: () => {
      clearInterval(timer);
      return looking;
    },
  };
}

function timeUp(what: string, waitMs: number, blockers: readonly Blocker[]): Error {
  return new Error(
    `${what} has waited ${Math.round(waitMs / 1_000)} s for ${describeBlockers(blockers)}, and WAIT_MS allows no more. ` +
      'Let that session end, or end it with SELECT pg_terminate_backend(pid). Then run this again: it goes on where it ' +
      'stopped.',
  );
}
