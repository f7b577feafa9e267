import { readConfig } from '../../shared/service/config';
import { addressSettings } from '../support/addresses';

/** Where the shop is: set as for the audit, or what `npm start` runs. */
export const operateConfig = () => readConfig(addressSettings);
