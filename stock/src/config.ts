import { count, participantSettings } from '../../shared/service/config';

export const settings = participantSettings('stock').extend({
  /** How long a saga may be reserved or wait before stock asks payment to decide it. Stock asks again until it has. */
  ASK_AFTER_MS: count(15_000),
});
