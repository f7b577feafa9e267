import { address, count, participantSettings } from '../../shared/service/config';
import { services } from '../../shared/services';

const serviceAddress = (name: 'order' | 'stock') =>
  address(/^https?$/, `http://127.0.0.1:${services[name].port}`).default(
    `http://127.0.0.1:${services[name].port}`,
  );

export const settings = participantSettings('catalog').extend({
  /** Where catalog asks whether a buyer has bought what they give stars to. */
  ORDER_URL: serviceAddress('order'),
  /** Where catalog asks how many units of items can be sold. */
  STOCK_URL: serviceAddress('stock'),
  /** How long catalog waits for stock's answer to a restock before it asks again. */
  ASK_AFTER_MS: count(15_000),
});
