import { addressSettings } from '../../audit/src/config';
import { readConfig } from '../../shared/config';

/** Where the shop is: set as for the audit, or what `npm start` runs. */
export const operateConfig = () => readConfig(addressSettings);
