import type { Socket } from 'node:net';

/**
 * In one turn of the event loop. A refusal takes a tenth of a millisecond. If thousands were answered in the same turn,
 * each answer of the database to those in flight would wait for all of them.
 */
const AT_A_TIME = 20;
/** What `Retry-After` asks for. */
const RETRY_AFTER_MS = 1_000;

/**
 * The guarantee: however many requests find no room, they take little of the time that those in flight need. They are
 * handled a few at a time. Who comes back on a connection that was just refused, without heeding `Retry-After`, waits for
 * the rest of it and then for all others; otherwise a few thousand such clients would keep a process busy with nothing but
 * refusals.
 */
export function openExcess() {
  /** A connection has one request in progress at a time, so at most one of each is here or waits to be. */
  const patient: (() => void)[] = [];
  const impatient: (() => void)[] = [];
  const refusedAt = new WeakMap<Socket, number>();

  function handleSome(): void {
    const some = patient.splice(0, AT_A_TIME);
    for (const handle of [...some, ...impatient.splice(0, AT_A_TIME - some.length)]) {
      handle();
    }
    if (patient.length + impatient.length > 0) {
      setImmediate(handleSome);
    }
  }

  function join(line: (() => void)[], socket: Socket, handle: () => void): void {
    if (socket.destroyed) {
      return;
    }
    if (patient.length + impatient.length === 0) {
      setImmediate(handleSome);
    }
    line.push(handle);
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
