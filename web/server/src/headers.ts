/**
 * What browsers may do with the pages: load everything from where the pages are, and nothing from elsewhere. No script and
 * no style is written into a page, so none that somebody smuggles in runs.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** The name of a built file says what is in it. */
export const FOR_EVER = 'public, max-age=31536000, immutable';
/** A picture keeps its name when it is drawn anew. */
export const FOR_AN_HOUR = 'public, max-age=3600';
