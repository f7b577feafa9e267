import type { z } from 'zod';
import type { Logger } from '../observe/log';
import type { participantSettings } from '../service/config';
import { type Access, openTo, requireTokens } from './access';
import { openIssuerKeys } from './issuer-keys';
import { openTokens } from './tokens';

type AccessSettings = Pick<
  z.infer<ReturnType<typeof participantSettings>>,
  'ACCESS' | 'CORS_ORIGINS' | 'AUTH_ISSUER' | 'AUTH_KEYS_URL' | 'AUTH_AUDIENCE' | 'AUTH_ROLES_CLAIM'
>;

/** Without an issuer nobody could be let in, and whoever names one does not want everybody to be. */
export function namesIssuer({ ACCESS, AUTH_ISSUER }: AccessSettings): boolean {
  return (ACCESS === 'required') === (AUTH_ISSUER !== undefined);
}

export const ISSUER_MISSING = {
  path: ['AUTH_ISSUER'],
  error:
    'must name the issuer of tokens, unless ACCESS=open lets everybody do everything, and only then must not',
};

export function openAccess(
  {
    ACCESS,
    CORS_ORIGINS: origins,
    AUTH_ISSUER: issuer = '',
    AUTH_KEYS_URL: keysUrl,
    AUTH_AUDIENCE: audience,
    AUTH_ROLES_CLAIM: rolesClaim,
  }: AccessSettings,
  log: Logger,
): { readonly access: Access; ready(): Promise<void>; stop(): void } {
  if (ACCESS === 'open') {
    return { access: openTo(origins), ready: async () => {}, stop: () => {} };
  }
  const keys = openIssuerKeys({ issuer, keysUrl, log });
  const tokens = openTokens({ keys: keys.find, issuer, audience, rolesClaim });
  return { access: requireTokens(tokens, log), ready: keys.ready, stop: keys.stop };
}
