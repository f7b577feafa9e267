import { serviceSettings } from '../../shared/service/config';

export const settings = serviceSettings({ port: 8002, internalPort: 9002 });
