import * as z from 'zod';
import { type Route, route } from '../../../shared/http/route';
import type { AccountHttp } from './account-http';

/** What OpenID Connect Discovery 1.0, section 3, asks for, as far as it exists here. */
export function discovery({ issuer }: AccountHttp): Route {
  const body = {
    issuer,
    jwks_uri: `${issuer}/jwks.json`,
    token_endpoint: `${issuer}/token`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['EdDSA'],
  };
  return route({
    method: 'GET',
    path: '/account/.well-known/openid-configuration',
    audience: 'public',
    summary: 'What this issuer of tokens is, and where its keys are',
    params: z.object({}),
    answers: { 200: z.looseObject({ issuer: z.string(), jwks_uri: z.string() }) },
    handle: async () => ({ status: 200, body }),
  });
}

export function keySet({ keys }: AccountHttp): Route {
  return route({
    method: 'GET',
    path: '/account/jwks.json',
    audience: 'public',
    summary: 'The keys that tokens are verified with (RFC 7517)',
    params: z.object({}),
    answers: { 200: z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }) },
    handle: async () => ({ status: 200, body: await keys.published() }),
  });
}
