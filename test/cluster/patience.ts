import { setTimeout as sleep } from 'node:timers/promises';
import type { Truth } from '../../tools/audit/history/truth';

const ATTEMPTS = 30;
const BETWEEN_ATTEMPTS_MS = 1_000;

/** Does something again while it fails. @throws the error of the last attempt */
export async function persistently<T>(
  work: () => Promise<T>,
  attempts: number,
  betweenMs: number,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts) {
        throw error;
      }
      await sleep(betweenMs);
    }
  }
}

/**
 * Repeats a read that fails. When the audit begins, replicas are still ending, and on a busy machine a connection may take
 * too long: then a read is answered 503, or not at all, as a buyer's request may be. It says nothing about the shop's books.
 */
export function patient(truth: Truth, betweenMs = BETWEEN_ATTEMPTS_MS): Truth {
  const repeated =
    <Key, Value>(read: (key: Key) => Promise<Value>) =>
    (key: Key): Promise<Value> =>
      persistently(() => read(key), ATTEMPTS, betweenMs);
  return {
    order: repeated(truth.order),
    credit: repeated(truth.credit),
    stock: repeated(truth.stock),
    charged: repeated(truth.charged),
  };
}
