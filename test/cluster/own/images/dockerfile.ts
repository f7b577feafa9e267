import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../../shared/root';

/**
 * The project's Dockerfile without its checks, and without what only they need. No image that is built from it leaves
 * the machine. The Dockerfile itself has no switch for this, so that nobody can build unchecked images from it.
 */
export function withoutChecks(text = readFileSync(join(root, 'Dockerfile'), 'utf8')): string {
  return [
    /** The stage that builds kustomize. */
    /^FROM \S+ AS kustomize\n(?:(?!FROM ).*\n)*/m,
    /^COPY --from=kustomize .*\n/m,
    /** The programs that the tests start. */
    /^RUN apt-get update && apt-get install (?:.*\\\n)+.*\n/m,
    /^RUN npm run check\n/m,
  ].reduce((rest, part) => {
    if (rest.match(new RegExp(part, 'gm'))?.length !== 1) {
      throw new Error(`The Dockerfile has changed: adapt test/cluster/own/images/dockerfile.ts (${part}).`);
    }
    return rest.replace(part, '');
  }, text);
}
