import { hash, verify } from '@node-rs/argon2';

/**
 * Argon2id, which is the library's default, with what OWASP's Password Storage Cheat Sheet recommends at least: 19 MiB (here
 * in KiB), two passes, one thread.
 */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Each takes a processor for some 40 ms: see throttle.ts for how many there are at a time. */
export const passwords = {
  hash: (password: string): Promise<string> => hash(password, ARGON2),
  verify: (attempt: { hash: string; password: string }): Promise<boolean> =>
    verify(attempt.hash, attempt.password),
};
