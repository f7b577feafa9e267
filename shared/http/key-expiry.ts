import { expiryOf } from '../postgres/cleaner';

/** An answer is replayed for 24 hours. */
export const keyExpiry = expiryOf('idempotency_delete_expired', {
  table: 'idempotency_keys',
  key: 'key',
  expired: `created_at < now() - interval '24 hours'`,
  oldest: 'created_at',
});
