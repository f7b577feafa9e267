import { v7 } from 'uuid';

/**
 * Returns a new UUIDv7 (RFC 9562). The ids of one process ascend, also within a millisecond, so that new rows go to the end
 * of an index. Node.js has randomUUIDv7, which is faster by a microsecond, but its ids do not.
 */
export const newId = (): string => v7();
