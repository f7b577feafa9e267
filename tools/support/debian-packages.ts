import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { settingsFor, withLibraries } from './debian-release';

export interface DebianPackages {
  /** For the folder in the cache and for progress messages. */
  readonly name: string;
  readonly packages: readonly string[];
  readonly megabytes: number;
  /** Whether dependencies that this machine lacks are unpacked as well. */
  readonly dependencies?: boolean;
  /** A release of Debian other than the machine's, such as "trixie". All libraries are unpacked as well. */
  readonly release?: string | undefined;
  /** Called before `files` is moved to its final place, `home`. */
  prepare?(files: string, home: string): void;
}

export interface Unpacked {
  /** The packages are unpacked into this folder instead of the root folder. */
  readonly home: string;
  /** The environment variables with which the programs find each other and their libraries. */
  readonly env: { readonly PATH: string; readonly LD_LIBRARY_PATH?: string };
}

const run = promisify(execFile);

/** The user's cache, for whatever is downloaded or built once. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'chandlery');
}

export const systemPath = `${process.env.PATH ?? ''}${delimiter}/usr/local/sbin${delimiter}/usr/sbin${delimiter}/opt/homebrew/sbin`;

/**
 * Unpacks the distribution's packages into the user's cache. Nothing is installed, so this needs no root and leaves no
 * service on the machine. Returns undefined when the system does not use Debian packages.
 */
export async function unpackedPackages(
  wanted: DebianPackages,
  say: (text: string) => void,
): Promise<Unpacked | undefined> {
  if (which('apt-get') === undefined || which('dpkg-deb') === undefined) {
    return undefined;
  }
  const { codename } = thisSystem();
  const release = wanted.release ?? codename;
  const cache = cacheFolder();
  const home = join(cache, `${wanted.name.toLowerCase()}-${release}-${process.arch}`);
  if (!existsSync(home)) {
    const from = wanted.release === undefined ? 'the distribution' : `Debian ${release}`;
    say(`Downloading ${wanted.name} from ${from} (only once, about ${wanted.megabytes} MB) …`);
    mkdirSync(cache, { recursive: true });
    const unfinished = mkdtempSync(join(cache, 'unfinished-'));
    try {
      await unpack(wanted, unfinished, home);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const env = environmentOf(home);
  return { home, env: wanted.release === undefined ? env : { PATH: env.PATH } };
}

/** Returns the system's id and the name of its release, as in os-release(5). */
export function thisSystem(): { id: string; codename: string } {
  const text = readFileSync('/etc/os-release', 'utf8');
  const fieldOf = (name: string) => new RegExp(`^${name}="?([^"\n]+)`, 'm').exec(text)?.[1] ?? 'unknown';
  return { id: fieldOf('ID'), codename: fieldOf('VERSION_CODENAME') };
}

function environmentOf(home: string): Unpacked['env'] {
  const libraries = ['lib', 'usr/lib']
    .map((folder) => join(home, folder))
    .filter((folder) => existsSync(folder));
  const triplets = libraries.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.includes('-linux-') ? [join(folder, name)] : [])),
  );
  return {
    PATH: `${join(home, 'usr/bin')}${delimiter}${systemPath}`,
    LD_LIBRARY_PATH: triplets.join(delimiter),
  };
}

async function unpack(wanted: DebianPackages, work: string, home: string): Promise<void> {
  const files = join(work, 'files');
  const archives = join(work, 'cache/archives');
  for (const folder of ['lists/partial', 'cache/archives/partial', 'files']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const settings = {
    'Debug::NoLocking': 'true',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    // Otherwise apt switches to its own user, who cannot write to our folder.
    'APT::Sandbox::User': userInfo().username,
    ...(wanted.release === undefined ? {} : await settingsFor(wanted.release, work)),
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const limits = { timeout: 10 * 60_000, maxBuffer: 16 * 1024 * 1024, cwd: archives };
  await run('apt-get', [...flags, 'update'], limits);
  const download =
    wanted.release !== undefined
      ? ['download', ...(await withLibraries(wanted.packages, flags))]
      : [
          ...(wanted.dependencies
            ? ['-y', '--no-install-recommends', '--download-only', 'install']
            : ['download']),
          ...wanted.packages,
        ];
  await run('apt-get', [...flags, ...download], limits);
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', join(archives, name), files], limits);
  }
  wanted.prepare?.(files, home);
  try {
    renameSync(files, home);
  } catch (error) {
    // Not an error if another process has unpacked them in the meantime.
    if (!existsSync(home)) {
      throw error;
    }
  }
}

export function which(program: string): string | undefined {
  return systemPath
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
