import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServicePath } from '../../../shared/services';

/** What a client does: sends bytes (written as latin1), waits for milliseconds, closes its side, or resets the connection. */
export type ClientAction = string | number | 'HALF_CLOSE' | 'RESET';

export interface HttpInput {
  readonly name: string;
  readonly to: ServicePath;
  readonly actions: readonly ClientAction[];
  /**
   * `refused`: at least one answer, and every answer is 4xx. `refused or closed`: there may also be no answer, because
   * the client went away, or because it would take an answer now for the one to its earlier request.
   */
  readonly expected: 'refused' | 'refused or closed';
}

/** Longer than the server waits for any request. */
const TIMEOUT_MS = 40_000;

/** Runs one client, and returns everything it received until the connection was closed. */
export async function runClient(port: number, actions: readonly ClientAction[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let isTimedOut = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const timeout = setTimeout(() => {
    isTimedOut = true;
    socket.destroy();
  }, TIMEOUT_MS);
  for (const action of actions) {
    if (socket.destroyed) {
      break;
    }
    if (typeof action === 'number') {
      await Promise.race([sleep(action), closed]);
    } else if (action === 'HALF_CLOSE') {
      socket.end();
    } else if (action === 'RESET') {
      socket.resetAndDestroy();
    } else {
      await new Promise((resolve) => socket.write(action, 'latin1', resolve));
    }
  }
  await closed;
  clearTimeout(timeout);
  if (isTimedOut) {
    throw new Error(`the connection was still open after ${TIMEOUT_MS} ms`);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** Says what is wrong with the answers to a hostile client; undefined when they are as expected. */
export function describeFailure({ expected }: HttpInput, received: string): string | undefined {
  const statuses = [...received.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status));
  const problems = received.match(/^content-type: application\/problem\+json\r$/gim)?.length ?? 0;
  if (statuses.length === 0 && expected === 'refused') {
    return `no answer: ${JSON.stringify(received.slice(0, 80))}`;
  }
  if (statuses.some((status) => status < 400 || status > 499)) {
    return `answered ${statuses.join(', ')}`;
  }
  if (problems !== statuses.length) {
    return `${statuses.join(', ')} without a problem document`;
  }
  return undefined;
}
