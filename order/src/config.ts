import { address, count, participantSettings } from '../../shared/service/config';
import { services } from '../../shared/services';

export const settings = participantSettings('order').extend({
  /** Where order reads the prices of items. */
  STOCK_URL: address(/^https?$/, 'http://127.0.0.1:8003').default(`http://127.0.0.1:${services.stock.port}`),
  /** How old a saga may become before order asks payment to cancel it. Order asks again until the saga has ended. */
  CANCEL_AFTER_MS: count(8_000),
  /** How long a request waits before it is answered 202. A stopping service waits longer for open requests. */
  ANSWER_WITHIN_MS: count(25_000, 1, 29_000),
  /** When this many requests wait on one replica, those that would open another saga are refused. */
  MAX_HELD_CHECKOUTS: count(5_000),
  /** The most sagas that may be in flight in the whole shop; more checkouts are refused. */
  MAX_SAGAS_IN_FLIGHT: count(20_000),
});
