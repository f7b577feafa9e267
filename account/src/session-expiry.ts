import { expiryOf } from '../../shared/postgres/cleaner';

export const sessionExpiry = expiryOf('account_delete_expired_sessions', {
  table: 'sessions',
  key: 'id',
  expired: 'expires_at < now()',
  oldest: 'expires_at',
});
