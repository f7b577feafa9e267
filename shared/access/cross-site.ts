import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of another site sent a request, and not one of the named origins. Browsers say so in `Sec-Fetch-Site`
 * (Fetch Metadata, section 2.2), older ones only in `Origin`. Programs say neither.
 */
export function isFromElsewhere(
  headers: Pick<IncomingHttpHeaders, 'origin' | 'host' | 'sec-fetch-site'>,
  named: readonly string[] = [],
): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && named.includes(origin)) {
    return false;
  }
  if (site !== undefined) {
    return site !== 'same-origin';
  }
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

export const FROM_ELSEWHERE = {
  reason: 'cross_site',
  detail: 'A page of another site sent this, so nothing was done.',
} as const;
