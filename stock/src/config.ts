import { serviceSettings } from '../../shared/config';

export const settings = serviceSettings({ port: 8003, internalPort: 9003 });
