const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Yields the milliseconds to wait before each next attempt: doubling up to a maximum, without end. */
export function* retryDelays(): Generator<number, never> {
  for (let delay = RETRY_FIRST_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
    yield delay;
  }
}
