import type { Database } from '../../../shared/postgres/database';
import type { PrismaClient } from '../../prisma/client/client';
import type { Auth } from '../auth';
import type { SigningKeys } from '../signing-keys';
import type { Throttle } from '../throttle';

/** What the routes are built from. */
export interface AccountHttp {
  readonly auth: Auth;
  readonly prisma: PrismaClient;
  readonly database: Database;
  readonly throttle: Throttle;
  readonly keys: SigningKeys;
  readonly issuer: string;
  /** How many proxies of ours a request comes through. */
  readonly hops: number;
}
