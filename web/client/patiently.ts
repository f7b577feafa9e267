import { NoAnswer, Refused } from './answers';

const ATTEMPTS = 3;
const PAUSE_MS = 1_000;

/** Sends a request again if there is no answer, or if the shop was busy. Only for what the shop does once, however often it is asked. */
export async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const isWorthIt =
        error instanceof NoAnswer ||
        (error instanceof Refused && (error.isBusy || error.reason === 'idempotency_key_in_flight'));
      if (!isWorthIt || attempt >= ATTEMPTS) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
    }
  }
}
