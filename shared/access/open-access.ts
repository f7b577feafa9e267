import type { z } from 'zod';
import type { Logger } from '../observe/log';
import type { serviceSettings } from '../service/config';
import { type Access, requireTokens } from './access';
import { openIssuerKeys } from './issuer-keys';
import { openTokens } from './tokens';

type AccessSettings = Pick<
  z.infer<ReturnType<typeof serviceSettings>>,
  'ACCESS' | 'AUTH_ISSUER' | 'AUTH_AUDIENCE' | 'AUTH_ROLES_CLAIM'
>;

/** Without an issuer, nobody could be let in. */
export function namesIssuer({ ACCESS, AUTH_ISSUER }: AccessSettings): boolean {
  return ACCESS === 'open' || AUTH_ISSUER !== undefined;
}

export const ISSUER_MISSING = {
  path: ['AUTH_ISSUER'],
  error: 'is not set: name the issuer of tokens, or set ACCESS=open where everybody may do everything',
};

/** @returns nothing if everybody may do everything */
export function openAccess(
  { ACCESS, AUTH_ISSUER: issuer = '', AUTH_AUDIENCE: audience, AUTH_ROLES_CLAIM: rolesClaim }: AccessSettings,
  log: Logger,
): { readonly access?: Access; stop(): Promise<void> } {
  if (ACCESS === 'open') {
    return { stop: async () => {} };
  }
  const keys = openIssuerKeys({ issuer, onChanged: () => tokens.forget(), log });
  const tokens = openTokens({ keys: keys.find, issuer, audience, rolesClaim });
  return { access: requireTokens(tokens), stop: keys.stop };
}
