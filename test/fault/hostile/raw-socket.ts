import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServicePath } from '../../../shared/services';

/** What a client does: sends bytes (written as latin1), pauses for milliseconds, says that it has no more, or hangs up. */
export type Act = string | number | 'HALF_CLOSE' | 'RESET';

export interface HttpInput {
  readonly name: string;
  readonly to: ServicePath;
  readonly acts: readonly Act[];
  /**
   * What is owed to it: `refused` is at least one answer, and all of them 4xx. `cut` may be no answer at all, because
   * the client went away, or because an answer now would be taken for the one to its earlier request.
   */
  readonly owed: 'refused' | 'cut';
}

/** Longer than the server waits for any request. */
const PATIENCE_MS = 40_000;

/** Plays one client, and returns what it was told until the connection was closed. */
export async function play(port: number, acts: readonly Act[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let stillOpen = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const patience = setTimeout(() => {
    stillOpen = true;
    socket.destroy();
  }, PATIENCE_MS);
  for (const act of acts) {
    if (socket.destroyed) {
      break;
    }
    if (typeof act === 'number') {
      await Promise.race([sleep(act), closed]);
    } else if (act === 'HALF_CLOSE') {
      socket.end();
    } else if (act === 'RESET') {
      socket.resetAndDestroy();
    } else {
      await new Promise((resolve) => socket.write(act, 'latin1', resolve));
    }
  }
  await closed;
  clearTimeout(patience);
  if (stillOpen) {
    throw new Error(`the connection was open after ${PATIENCE_MS} ms`);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** What is wrong with what a hostile client was told, or undefined. */
export function complaint({ owed }: HttpInput, received: string): string | undefined {
  const final = [...received.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status));
  const problems = received.match(/^content-type: application\/problem\+json\r$/gim)?.length ?? 0;
  if (final.length === 0 && owed === 'refused') {
    return `no answer: ${JSON.stringify(received.slice(0, 80))}`;
  }
  if (final.some((status) => status < 400 || status > 499)) {
    return `answered ${final.join(', ')}`;
  }
  if (problems !== final.length) {
    return `${final.join(', ')} without a problem document`;
  }
  return undefined;
}
