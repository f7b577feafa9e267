import { readConfig } from '../../shared/service/config';
import { addressSettings } from '../support/addresses';

/** Where the shop is: the same settings as for the audit, or the shop that `npm start` runs. */
export const operateConfig = () => readConfig(addressSettings);
