const TIMEOUT_MS = 2_000;

/** Returns whether a program reports on its internal port that it is ready. */
export async function isReady(internalUrl: URL): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/readyz', internalUrl), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
