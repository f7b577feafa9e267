import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';
import type { Answer } from './problem';

/** Half of a SHA-256 hash tells any two answers apart. */
const TAG_LENGTH = 22;

/**
 * Lets a client ask whether what it has is still true (RFC 9110, sections 8.8.3 and 13.1.2). The answer may be kept by the client
 * alone, and only with that question: what it says may have changed a moment later.
 */
export function revalidate(headers: IncomingHttpHeaders, answer: Answer): Answer {
  if (answer.status !== 200) {
    return answer;
  }
  const hash = createHash('sha256').update(JSON.stringify(answer.body)).digest('base64url');
  const etag = `"${hash.slice(0, TAG_LENGTH)}"`;
  const marked = { ...answer.headers, ETag: etag, 'Cache-Control': 'private, no-cache' };
  return fresh(headers, { etag })
    ? { status: 304, body: {}, headers: marked }
    : { ...answer, headers: marked };
}
