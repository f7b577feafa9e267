const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Milliseconds to wait before each next attempt: doubling, with a bound, and without an end. */
export function* retryDelays(): Generator<number, never> {
  for (let delay = RETRY_FIRST_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
    yield delay;
  }
}
