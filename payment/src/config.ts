import { readConfig, serviceSettings } from '../../shared/config';

export const config = readConfig(serviceSettings({ port: 8002, internalPort: 9002 }));
