import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root folder of the repository (or of the image), wherever this runs from: sources, dist, or a test. */
export const root = findRoot(__dirname);

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
