import createClient from 'openapi-fetch';
import type { paths } from './schema';
import { noteHost } from './served-by';
import { hasSession, leave } from './session';
import { currentToken, forgetToken } from './token';

/** Longer than a checkout ever waits for its outcome. */
const TIMEOUT_MS = 45_000;

/** The shop's API, as its services describe it. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

async function send(request: Request): Promise<Response> {
  if (!needsToken(request) || !hasSession()) {
    return sendOnce(request);
  }
  const again = request.clone();
  const response = await sendOnce(await withToken(request));
  if (response.status !== 401) {
    return response;
  }
  // The token may have been made with a key that is no longer valid. A new one is.
  forgetToken();
  return sendOnce(await withToken(again));
}

async function sendOnce(request: Request): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetch(request, { signal });
  noteHost(response);
  return response;
}

async function withToken(request: Request): Promise<Request> {
  const token = await currentToken();
  if (token === undefined) {
    leave({ ended: true });
  } else {
    request.headers.set('Authorization', `Bearer ${token}`);
  }
  return request;
}

/** To account, the session itself says who asks, except where only operators may ask. What is for everybody needs neither. */
function needsToken({ method, url }: Request): boolean {
  const { pathname } = new URL(url);
  if (pathname.startsWith('/account/')) {
    return pathname === '/account/find';
  }
  return !(method === 'GET' && /^\/catalog\/(products|categories)/.test(pathname));
}
