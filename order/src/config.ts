import { address, count, serviceSettings } from '../../shared/service/config';
import { services } from '../../shared/services';

export const settings = serviceSettings('order').extend({
  /** Where prices are asked for. */
  STOCK_URL: address(/^https?$/, 'http://127.0.0.1:8003').default(`http://127.0.0.1:${services.stock.port}`),
  /** After this long payment is asked to cancel, and again after as long. */
  CANCEL_AFTER_MS: count(8_000),
  /** After this long a buyer is told that the outcome is pending; sooner than a stopping service gives up on its requests. */
  ANSWER_WITHIN_MS: count(25_000, 1, 29_000),
  /** Checkouts that one replica holds at a time; more are refused. */
  MAX_HELD_CHECKOUTS: count(5_000),
  /** Sagas that may be in flight in the whole shop; more checkouts are refused. */
  MAX_SAGAS_IN_FLIGHT: count(20_000),
});
