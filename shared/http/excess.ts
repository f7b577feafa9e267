import type { Socket } from 'node:net';

/**
 * In one turn of the event loop. A refusal takes 30 to 100 microseconds. If thousands were answered in the same turn,
 * each answer of the database to those in flight would wait for all of them.
 */
const AT_A_TIME = 20;
/** While turns are long, 20 in each would take seconds. So more are handled of those who have waited for this long. */
const OVERDUE_AFTER_MS = 250;
const OVERDUE_AT_A_TIME = 1_000;
/** What `Retry-After` asks for. */
const RETRY_AFTER_MS = 1_000;

interface Waiting {
  readonly since: number;
  handle(): void;
}

/**
 * The guarantee: however many requests find no room, they take little of the time that those in flight need, and are
 * answered soon. They are handled a few at a time. Who comes back on a connection that was just refused, without heeding
 * `Retry-After`, waits for the rest of it and then for all others; otherwise a few thousand such clients would keep a
 * process busy with nothing but refusals.
 */
export function openExcess() {
  /** A connection has one request in progress at a time, so at most one of each is here or waits to be. */
  const patient: Waiting[] = [];
  const impatient: Waiting[] = [];
  const refusedAt = new WeakMap<Socket, number>();

  function handleSome(): void {
    const before = performance.now() - OVERDUE_AFTER_MS;
    const inTime = patient.findIndex(({ since }) => since > before);
    const overdue = Math.min(OVERDUE_AT_A_TIME, inTime === -1 ? patient.length : inTime);
    const some = patient.splice(0, Math.max(overdue, AT_A_TIME));
    some.push(...impatient.splice(0, Math.max(0, AT_A_TIME - some.length)));
    for (const { handle } of some) {
      handle();
    }
    if (patient.length + impatient.length > 0) {
      setImmediate(handleSome);
    }
  }

  function join(line: Waiting[], socket: Socket, handle: () => void): void {
    if (socket.destroyed) {
      return;
    }
    if (patient.length + impatient.length === 0) {
      setImmediate(handleSome);
    }
    line.push({ since: performance.now(), handle });
  }

  return {
    markRefused(socket: Socket): void {
      refusedAt.set(socket, performance.now());
    },
    /** Calls `handle` soon, unless the client has disconnected by then. */
    handleSoon(socket: Socket, handle: () => void): void {
      const refused = refusedAt.get(socket);
      const tooSoonBy = refused === undefined ? 0 : refused + RETRY_AFTER_MS - performance.now();
      if (tooSoonBy > 0) {
        setTimeout(join, tooSoonBy, impatient, socket, handle).unref();
      } else {
        join(patient, socket, handle);
      }
    },
  };
}
