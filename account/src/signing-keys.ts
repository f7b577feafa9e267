import { createHmac } from 'node:crypto';
import type { JwtOptions } from 'better-auth/plugins';
import type { JSONWebKeySet, JWK } from 'jose';
import { newId } from '../../shared/new-id';
import { expiryOf } from '../../shared/postgres/cleaner';
import type { Database } from '../../shared/postgres/database';
import { statement } from '../../shared/postgres/statement';

type Adapter = Required<NonNullable<JwtOptions['adapter']>>;
/** A key as the library has it: both halves as JSON, the private one encrypted. */
type SigningKey = NonNullable<Awaited<ReturnType<Adapter['getJwks']>>>[number];

export interface SigningKeys {
  /** For the library: those that it may sign with. */
  getJwks(): Promise<SigningKey[]>;
  /** For the library. Returns the key that exists by then, if another replica was first. */
  createJwk(key: Parameters<Adapter['createJwk']>[0]): Promise<SigningKey>;
  /** The public halves of those whose tokens may still be in use (RFC 7517). */
  published(): Promise<JSONWebKeySet>;
}

const DAY = 24 * 3_600;
/** A key signs for 30 days, and the next one is made a day before that. */
export const KEY_SECONDS = 30 * DAY;
const RENEW_BEFORE = `interval '${DAY} seconds'`;
/** Services read keys once a minute, so a new key is published before it signs anything. */
const UNKNOWN_MS = 2 * 60_000;
/** Tokens live for minutes. */
const GRACE = `interval '1 hour'`;
const CACHED_MS = 1_000;
/** Replicas with another secret may still sign while a new one is rolled out. After that, only who knows the old one would. */
const ROLLOUT = `interval '10 minutes'`;

const columns = `id, public_key AS "publicKey", private_key AS "privateKey", alg, crv, created_at AS "createdAt",
  expires_at AS "expiresAt"`;

/** Keys that another secret encrypts cannot sign. */
const readUsable = statement<SigningKey>(
  'keys_read_usable',
  `SELECT ${columns} FROM signing_keys WHERE secret_id = $1 AND expires_at > now()
   ORDER BY created_at DESC, id DESC LIMIT 10`,
);
/** Those of the caller's own secret, those of the one that made a key last, and for a while those of earlier ones. */
const readPublished = statement<Pick<SigningKey, 'id' | 'publicKey' | 'alg' | 'crv'>>(
  'keys_read_published',
  `WITH present AS (
     SELECT secret_id, min(created_at) AS since FROM signing_keys
     WHERE secret_id = (SELECT secret_id FROM signing_keys ORDER BY created_at DESC, id DESC LIMIT 1)
     GROUP BY secret_id
   )
   SELECT id, public_key AS "publicKey", alg, crv FROM signing_keys, present
   WHERE expires_at > now() - ${GRACE}
     AND (signing_keys.secret_id IN ($1, present.secret_id) OR present.since > now() - ${ROLLOUT})
   ORDER BY created_at DESC, id DESC LIMIT 100`,
);
const lockKeys = statement('keys_lock', `SELECT pg_advisory_xact_lock(hashtext('signing_keys'))`);
const readFresh = statement<SigningKey>(
  'keys_read_fresh',
  `SELECT ${columns} FROM signing_keys WHERE secret_id = $1 AND expires_at > now() + ${RENEW_BEFORE}
   ORDER BY created_at DESC, id DESC LIMIT 1`,
);
const insertKey = statement<SigningKey>(
  'keys_insert',
  `INSERT INTO signing_keys (id, public_key, private_key, alg, crv, created_at, expires_at, secret_id)
   VALUES ($1, $2, $3, $4, $5, now(), $6, $7) RETURNING ${columns}`,
);

export const keyExpiry = expiryOf('keys_delete_expired', {
  table: 'signing_keys',
  key: 'id',
  expired: `expires_at < now() - ${GRACE}`,
  oldest: 'created_at',
});

/** @param secret that the private halves are encrypted with */
export function openSigningKeys(database: Database, secret: string): SigningKeys {
  // Says nothing about the secret, which is long and random.
  const secretId = createHmac('sha256', secret).update('signing keys').digest('hex').slice(0, 16);
  const usable = cached(() => database.transaction((tx) => tx.run(readUsable, [secretId])));
  const published = cached(() => database.transaction((tx) => tx.run(readPublished, [secretId])));
  return {
    async getJwks() {
      const keys = await usable.read();
      const known = keys.filter(({ createdAt }) => Date.now() - createdAt.getTime() > UNKNOWN_MS);
      return known.length > 0 ? known : keys;
    },
    async createJwk({ publicKey, privateKey, alg, crv, expiresAt }) {
      const values = [newId(), publicKey, privateKey, alg ?? null, crv ?? null, expiresAt, secretId];
      const [key] = await database.transaction(async (tx) => {
        await tx.run(lockKeys);
        const fresh = await tx.run(readFresh, [secretId]);
        return fresh.length > 0 ? fresh : tx.run(insertKey, values);
      });
      usable.forget();
      published.forget();
      return key as SigningKey;
    },
    async published() {
      const keys = await published.read();
      return {
        keys: keys.map(({ id, publicKey, alg, crv }) => ({
          ...(JSON.parse(publicKey) as JWK),
          ...(alg && { alg }),
          ...(crv && { crv }),
          kid: id,
          use: 'sig',
        })),
      };
    },
  };
}

/** Reads at most once a second, however many ask. */
function cached<T>(read: () => Promise<T>): { read(): Promise<T>; forget(): void } {
  let readAt = Number.NEGATIVE_INFINITY;
  let value: Promise<T> | undefined;
  const forget = () => {
    readAt = Number.NEGATIVE_INFINITY;
  };
  return {
    read() {
      if (value === undefined || performance.now() - readAt > CACHED_MS) {
        readAt = performance.now();
        value = read();
        value.catch(forget);
      }
      return value;
    },
    forget,
  };
}
