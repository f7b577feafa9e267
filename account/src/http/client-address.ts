import { isIP } from 'node:net';
import { overloaded, Refusal } from '../../../shared/http/problem';
import type { ApiRequest } from '../../../shared/http/route';

/** Who makes an attempt. */
export interface Client {
  readonly address: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/**
 * Returns the address that a request comes from. Each proxy appends the address that it was called from to X-Forwarded-For;
 * whatever else is in there, the client has made up.
 * @param hops how many proxies of ours there are
 */
export function clientAddress(request: Pick<ApiRequest<unknown>, 'peer' | 'header'>, hops: number): string {
  const forwarded = (request.header('x-forwarded-for') ?? '').split(',').map((address) => address.trim());
  const address = [...forwarded, request.peer].at(-1 - hops);
  return address !== undefined && isIP(address) !== 0 ? address : request.peer;
}

/** @param hops how many proxies of ours there are */
export function clientOf(request: ApiRequest<unknown>, hops: number): Client {
  const gone = new AbortController();
  // Nobody reads this answer.
  request.whenGone(() => gone.abort(new Refusal(overloaded('The client has disconnected.'))));
  return { address: clientAddress(request, hops), gone: gone.signal };
}
