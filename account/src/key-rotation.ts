import { createJwk } from 'better-auth/plugins';
import type { Logger } from '../../shared/observe/log';
import type { Auth, jwtOptions } from './auth';

const EVERY_MS = 10 * 60_000;

/** Makes the next key a day before the last one ends, so that it is known everywhere before it signs anything. */
export async function startKeyRotation(auth: Auth, options: ReturnType<typeof jwtOptions>, log: Logger) {
  const rotate = async () => {
    const context = await auth.$context;
    await createJwk({ context } as Parameters<typeof createJwk>[0], options).catch((error) =>
      log.warn({ err: error }, 'could not look after the keys that tokens are signed with; trying again'),
    );
  };
  await rotate();
  const timer = setInterval(rotate, EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
