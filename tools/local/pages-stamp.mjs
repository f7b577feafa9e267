import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The server is compiled with the services; what is installed or built is no source. */
const NO_SOURCES = ['dist', 'node_modules', 'server'];

/** Returns a digest of all that the pages are built from: they are out of date when it changes. */
export function pagesStamp(root) {
  const web = join(root, 'web');
  const folders = readdirSync(web).filter((name) => !NO_SOURCES.includes(name));
  const files = folders.flatMap((name) =>
    statSync(join(web, name)).isDirectory()
      ? readdirSync(join(web, name), { recursive: true }).map((file) => join(name, file))
      : [name],
  );
  const digest = createHash('sha256');
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(join(web, file));
    digest.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return digest.update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
}
