import * as z from 'zod';
import { audience, count, foundationSettings, issuerAddress } from '../../shared/service/config';

export const settings = foundationSettings('account').extend({
  /** What tokens name as their issuer: the address of this service as its clients know it, with its path. */
  AUTH_ISSUER: issuerAddress,
  AUTH_AUDIENCE: audience,
  /** Signs sessions, and encrypts the keys that tokens are signed with. */
  AUTH_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters long: make it with "openssl rand -base64 32"'),
  /** Each takes a processor for some 40 ms, which checkouts on the same machine have to do without. */
  LOGINS_PER_SECOND: count(2, 1, 10_000),
  /** How many proxies of ours a request comes through. Each adds an address to X-Forwarded-For; clients can add any. */
  FORWARDED_HOPS: count(0, 0, 10),
});
