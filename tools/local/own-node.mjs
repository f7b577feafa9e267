// npm picks the project's own Node.js by operating system and processor. npm cannot tell whether that Node.js runs with
// this machine's C library. If not, that Node.js must be removed; otherwise every script fails with "node: not found".
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param programs the folder that npm scripts search first for programs
 * @returns whether the Node.js in that folder can be run; if not, it has been removed
 */
export function keepRunnableNode(programs) {
  const node = join(programs, 'node');
  if (spawnSync(node, ['--version'], { stdio: 'ignore' }).status === 0) {
    return true;
  }
  rmSync(node, { force: true });
  return false;
}
