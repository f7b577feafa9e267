import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { root } from '../../../shared/root';
import { serviceNames } from '../../../shared/services';

/** The project's own code, for the tests of its structure. */

export const CODE_FOLDERS: readonly string[] = [...serviceNames, 'shared', 'tools', 'web', 'test'];

export interface Source {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
  /** Imported packages by name, and files by their path from the root without extension; includes type imports. */
  imports: string[];
}

export const sources: readonly Source[] = CODE_FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.split(sep).join('/')}`)
    .filter((path) => /\.(m?ts|tsx)$/.test(path) && !isMade(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    }),
);

/** Installed or written by a program, and not by us. */
function isMade(path: string): boolean {
  return (
    path.includes('/prisma/client/') ||
    /^web\/(dist|node_modules)\//.test(path) ||
    path === 'web/client/schema.d.ts'
  );
}

function importsOf(path: string, text: string): string[] {
  const named = text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"]+)['"]/g);
  return [...named].map(([, name = '']) =>
    name.startsWith('.')
      ? normalize(join(dirname(path), name))
          .split(sep)
          .join('/')
      : name,
  );
}

export const within = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

export const outside =
  (...folders: string[]) =>
  (path: string): boolean =>
    !within(path, folders);
