// `npm run dev` is `npm start` plus this: it compiles sources that change and restarts the programs that run them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pagesNames } from '../../shared/pages';
import { root } from '../../shared/root';
import { serviceNames } from '../../shared/services';
import type { Stoppable } from '../support/process';
import type { Supervised } from '../support/supervise';

export interface ShopProgram {
  readonly supervised: Supervised;
  /** The compiled file that it is started with. */
  readonly file: string;
  /** A file that changes whenever what it serves does. */
  readonly stamp?: string;
}

const PAGES = ['server', 'client', 'ui', 'public', ...pagesNames].map((name) => `web/${name}`);
const FOLDERS = [...serviceNames, 'shared', 'tools', ...PAGES];
/**
 * Modification times are polled, because not every file system reports changes, and editors save files in different
 * ways.
 */
const POLL_EVERY_MS = 500;

export function restartOnChange(programs: readonly ShopProgram[], say: (text: string) => void): Stoppable {
  let sources = datesOfSources();
  let running = programs.map(contentOf);
  let polling: Promise<void> | undefined;

  const compileAndRestart = async () => {
    const now = datesOfSources();
    if (now === sources) {
      return;
    }
    sources = now;
    const failure = await compile();
    if (failure !== undefined) {
      return say(`${failure}\nThe sources do not compile. The shop keeps running as it was.`);
    }
    const compiled = programs.map(contentOf);
    const changed = programs.filter((_, i) => compiled[i] !== running[i]).map(({ supervised }) => supervised);
    running = compiled;
    const names = changed.map(({ name }) => name).join(', ');
    say(names === '' ? 'Compiled. No running program uses the change.' : `Compiled. Restarting ${names} …`);
    await Promise.all(changed.map((supervised) => supervised.restart('SIGTERM')));
  };
  const timer = setInterval(() => {
    polling ??= compileAndRestart()
      .catch((error: Error) => say(`Could not compile the change or restart its programs: ${error.message}`))
      .finally(() => {
        polling = undefined;
      });
  }, POLL_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await polling;
    },
    kill: () => clearInterval(timer),
  };
}

function datesOfSources(): string {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(tsx?|prisma|css|html|svg)$/.test(name))
      .map((name) => join(folder, name)),
  )
    .map((path) => `${path} ${statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs}`)
    .join('\n');
}

/**
 * Runs the setup that every npm script begins with, because it compiles what is out of date.
 * @returns its output if it fails
 */
function compile(): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'tools/local/setup.mjs')], (error, stdout, stderr) =>
      resolve(error === null ? undefined : `${stdout}${stderr}`.trim()),
    );
  });
}

/** Returns a digest of a compiled program and of every file of ours that it loads. */
function contentOf({ file: program, stamp }: ShopProgram): string {
  const digest = createHash('sha256');
  const seen = new Set<string>();
  const add = (file: string) => {
    if (seen.has(file)) {
      return;
    }
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    digest.update(text);
    for (const [, name = ''] of text.matchAll(/\brequire\(["'](\.[^"']+)["']\)/g)) {
      add(createRequire(file).resolve(name));
    }
  };
  add(program);
  if (stamp !== undefined) {
    digest.update(readFileSync(stamp));
  }
  return digest.digest('hex');
}
