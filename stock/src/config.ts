import { serviceSettings } from '../../shared/service/config';

export const settings = serviceSettings({ port: 8003, internalPort: 9003 });
