const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Yields the delays before further attempts, in milliseconds. They double up to a maximum, and never end. */
export function* retryDelays(): Generator<number, never> {
  for (let delay = RETRY_FIRST_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
    yield delay;
  }
}
