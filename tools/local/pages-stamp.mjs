import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The server is compiled with the services; what is installed or built is no source. */
const NO_SOURCES = ['dist', 'node_modules', 'server'];

/** Returns a digest of all that the pages are built from: they are out of date when it changes. Dates change in a copy. */
export function pagesStamp(root) {
  const web = join(root, 'web');
  const names = readdirSync(web)
    .filter((name) => !NO_SOURCES.includes(name))
    .flatMap((name) => filesIn(web, name));
  const digest = createHash('sha256');
  for (const name of [...names.sort(), '../package-lock.json']) {
    digest.update(`${name}\n`).update(readFileSync(join(web, name)));
  }
  return digest.digest('hex');
}

function filesIn(folder, name) {
  return statSync(join(folder, name)).isDirectory()
    ? readdirSync(join(folder, name)).flatMap((inside) => filesIn(folder, join(name, inside)))
    : [name];
}
