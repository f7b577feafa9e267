import { serviceSettings } from '../../shared/service/config';

export const settings = serviceSettings('stock');
