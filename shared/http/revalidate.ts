import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';

/** Half of a SHA-256 hash tells any two answers apart. */
const TAG_LENGTH = 22;

export interface Revalidated {
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client has this body already. */
  readonly isKnown: boolean;
}

/**
 * Lets a client ask whether what it has is still true (RFC 9110, sections 8.8.3 and 13.1.2).
 * @param freshSeconds for how long anybody may keep the answer without that question. Otherwise only the client may keep it, and
 *   must ask: what it says may have changed a moment later
 */
export function revalidate(
  headers: IncomingHttpHeaders,
  body: string,
  freshSeconds: number | undefined,
): Revalidated {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, TAG_LENGTH)}"`;
  return {
    headers: {
      ETag: etag,
      'Cache-Control': freshSeconds === undefined ? 'private, no-cache' : `public, max-age=${freshSeconds}`,
    },
    isKnown: fresh(headers, { etag }),
  };
}
