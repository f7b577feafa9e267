import { PrismaPg } from '@prisma/adapter-pg';
import { createLocalJWKSet } from 'jose';
import { requireTokens } from '../../shared/access/access';
import { openTokens } from '../../shared/access/tokens';
import { watchPool } from '../../shared/observe/resource-metrics';
import { startCleaner } from '../../shared/postgres/cleaner';
import { openWritingPool } from '../../shared/postgres/database';
import { openFoundation, startHttpServer, startInternalServer } from '../../shared/service/foundation';
import { databaseCheck } from '../../shared/service/readiness';
import { PrismaClient } from '../prisma/client/client';
import { jwtOptions, openAuth } from './auth';
import { settings } from './config';
import { routes } from './http';
import { startKeyRotation } from './key-rotation';
import { sessionExpiry } from './session-expiry';
import { keyExpiry, openSigningKeys } from './signing-keys';
import { openThrottle } from './throttle';

/** Each attempt counts twice, which takes a millisecond. */
const ATTEMPTS_POOL_SIZE = 2;

async function main(): Promise<void> {
  const foundation = await openFoundation('account', settings);
  const { config, log, lifecycle, patience, httpDatabase } = foundation;
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_SECRET: secret, FORWARDED_HOPS: hops } = config;

  const openPoolFor = (purpose: string, poolSize: number) => {
    const pool = openWritingPool({ name: `account ${purpose}`, url: config.DATABASE_URL, poolSize, log });
    watchPool(purpose, pool, poolSize);
    return lifecycle.addPart(pool, (opened) => opened.end());
  };
  const library = openPoolFor('library', config.HTTP_POOL_SIZE);
  const attempts = openPoolFor('attempts', ATTEMPTS_POOL_SIZE);
  const internal = await startInternalServer(foundation, { database: databaseCheck(patience) });
  for (const expiry of [sessionExpiry, keyExpiry]) {
    lifecycle.addPart(startCleaner(httpDatabase, expiry, log), ({ stop }) => stop());
  }

  const prisma = new PrismaClient({ adapter: new PrismaPg(library) });
  const keys = openSigningKeys(httpDatabase, secret);
  const tokenOptions = jwtOptions(keys, { issuer, audience });
  const auth = openAuth({ prisma, tokens: tokenOptions, issuer, secret, log });
  lifecycle.addPart(await startKeyRotation(auth, tokenOptions, log), ({ stop }) => stop());
  const tokens = openTokens({
    // Its own keys need not be fetched.
    keys: async (header, token) => createLocalJWKSet(await keys.published())(header, token),
    issuer,
    audience,
    rolesClaim: 'roles',
  });
  const throttle = openThrottle({ pool: attempts, perSecond: config.LOGINS_PER_SECOND, secret, log });
  await startHttpServer(foundation, internal, {
    routes: routes({ auth, prisma, database: httpDatabase, throttle, keys, issuer, hops }),
    access: requireTokens(tokens, log),
    isBusy: () => library.isBusy() || httpDatabase.pool.isBusy(),
  });
}

void main();
