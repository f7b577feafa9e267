import { ISSUER_MISSING, namesIssuer, openAccess } from '../../shared/access/open-access';
import { participantSettings, readConfig } from '../../shared/service/config';
import { silent } from '../support/silent';

const before = process.env;
afterEach(() => {
  process.env = before;
});

function read(variables: Record<string, string>) {
  process.env = { DATABASE_URL: 'postgresql://db/order', AMQP_URL: 'amqp://broker', ...variables };
  return readConfig(participantSettings('order').refine(namesIssuer, ISSUER_MISSING));
}

test('a service that is not told whom to let in does not start, and says what to set', () => {
  expect(() => read({})).toThrow(/AUTH_ISSUER must name the issuer of tokens, unless ACCESS=open/);
  expect(() => read({ ACCESS: 'required' })).toThrow(/AUTH_ISSUER/);
  expect(() => read({ ACCESS: 'none' })).toThrow(/ACCESS must be one of open, required/);
  expect(() => read({ ACCESS: 'open', AUTH_ISSUER: 'https://accounts.example.com' })).toThrow(/AUTH_ISSUER/);
  expect(() => read({ AUTH_ISSUER: 'https://me:secret@accounts.example.com' })).toThrow(/without user/);
  expect(() => read({ AUTH_ISSUER: 'accounts' })).toThrow(/AUTH_ISSUER must be an address/);
});

test('only ACCESS=open lets everybody do everything', () => {
  expect(openAccess(read({ ACCESS: 'open' }), silent).access.isOpen).toBe(true);
  const required = openAccess(read({ AUTH_ISSUER: 'http://127.0.0.1:9' }), silent);
  expect(required.access.isOpen).toBe(false);
  required.stop();
});

test('named origins are origins, and nothing that only looks like one', () => {
  const origins = (CORS_ORIGINS: string) => read({ ACCESS: 'open', CORS_ORIGINS }).CORS_ORIGINS;
  expect(origins('https://a.example, http://localhost:5173')).toEqual([
    'https://a.example',
    'http://localhost:5173',
  ]);
  expect(origins('')).toEqual([]);
  for (const wrong of [
    '*',
    'null',
    'a.example',
    'https://a.example/',
    'https://A.example',
    'https://a.example:443',
  ]) {
    expect(() => origins(wrong)).toThrow(/CORS_ORIGINS must be origins such as https/);
  }
});
