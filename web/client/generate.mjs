// Writes the types of the shop's API from what the services say about themselves. With --check it only says whether they
// are out of date. It needs the compiled services ("npm run build"), and starts none of them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const here = dirname(fileURLToPath(import.meta.url));
const file = join(here, 'schema.d.ts');
const load = createRequire(join(here, '../../dist/web'));

const { serviceNames } = load('./shared/services.js');
const { openapiRoute } = load('./shared/http/openapi.js');
const { checkout } = load('./order/src/checkout/route.js');

/** What routes are made of is used only when they handle a request. */
const nothing = { reads: {}, searches: {}, stockUrl: 'http://127.0.0.1', issuer: 'http://127.0.0.1' };
const routes = [
  ...serviceNames.flatMap((name) => load(`./${name}/src/http/index.js`).routes(nothing)),
  checkout(nothing),
];
const { body } = await openapiRoute(routes, { isOpen: false }).handle();
const written = `// Written by web/client/generate.mjs.\n${astToString(await openapiTS(body))}`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, written);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== written) {
  console.error('web/client/schema.d.ts is out of date. Run: npm run client');
  process.exitCode = 1;
}
