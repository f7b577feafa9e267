import type { RequestListener } from 'node:http';
import cors from 'cors';

/** A browser asks again whether it may after ten minutes. */
const MAX_AGE_S = 600;

/**
 * Lets pages of named origins send what programs send, and read the answers (Fetch, section 3.3). Cookies stay out of it: such a page
 * proves who its user is with a token.
 */
export function forOrigins(origins: readonly string[], listener: RequestListener): RequestListener {
  if (origins.length === 0) {
    return listener;
  }
  const allow = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-None-Match',
      'Prefer',
      'Reason',
      'traceparent',
    ],
    exposedHeaders: [
      'ETag',
      'Idempotency-Replayed',
      'Location',
      'Preference-Applied',
      'Retry-After',
      'Served-By',
    ],
    maxAge: MAX_AGE_S,
    // The router answers OPTIONS, and knows what each path allows.
    preflightContinue: true,
  });
  return (request, response) => allow(request, response, () => listener(request, response));
}
