// npm picks the project's own Node.js by operating system and processor. It cannot tell whether the machine's C library is
// one that it runs on; where it is not, every script would end at "node: not found" unless it is taken out of the way.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param programs the folder that npm scripts look for programs in first
 * @returns whether the Node.js that is there can be run; if not, it is there no longer
 */
export function keepRunnableNode(programs) {
  const node = join(programs, 'node');
  if (spawnSync(node, ['--version'], { stdio: 'ignore' }).status === 0) {
    return true;
  }
  rmSync(node, { force: true });
  return false;
}
