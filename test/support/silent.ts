import { createLogger } from '../../shared/observe/log';

/** For what a test opens by itself: its log lines would only be in the way. */
export const silent = createLogger({ service: 'test', level: 'silent', format: 'json' });
