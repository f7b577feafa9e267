// Builds the pages: each folder with an index.html becomes a folder of files in web/dist. What is worth it is compressed
// here, once and as well as possible, and not for every visitor.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));
const entries = readdirSync(here).filter((name) => existsSync(join(here, name, 'index.html')));

await Promise.all(entries.map(buildPages));

async function buildPages(name) {
  const outDir = join(here, 'dist', name);
  await build({
    configFile: false,
    root: join(here, name),
    publicDir: join(here, 'public'),
    logLevel: 'error',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // A picture inside a style sheet would be one that the policy of the pages forbids.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  const files = readdirSync(outDir, { recursive: true }).filter((file) => /\.(js|css|svg)$/.test(file));
  await Promise.all(
    files.map(async (file) => {
      const content = readFileSync(join(outDir, file));
      writeFileSync(join(outDir, `${file}.br`), await promisify(brotliCompress)(content));
      writeFileSync(join(outDir, `${file}.gz`), await promisify(gzip)(content, { level: 9 }));
    }),
  );
}
