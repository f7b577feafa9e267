import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the steps of the setup are made of. They need nothing but Node.js itself. */

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function digest(text) {
  return createHash('sha256').update(text).digest('hex');
}

export function matches(stampFile, stamp) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
}

/** Shows the output only when the command fails, because a newcomer has no use for it otherwise. */
export function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (output += chunk));
    }
    child.on('error', (error) => fail(`${command} could not be started: ${error.message}`));
    child.on('close', (code) => {
      if (code === 0) {
        return resolve();
      }
      fail(
        `${output}\n"${basename(command)} ${args.join(' ')}" failed; its output is above. Fix the problem and run the command again.`,
      );
    });
  });
}

/** Prints to stderr, because stdout belongs to the command that runs next and may print JSON. */
export function say(message) {
  console.error(message);
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
