import { readConfig, serviceSettings } from '../../shared/config';

export const config = readConfig(serviceSettings({ port: 8003, internalPort: 9003 }));
