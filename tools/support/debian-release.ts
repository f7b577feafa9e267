// Packages of another release of Debian than this machine's, from the same mirror. They come with that release's own C
// library, so that they run here whatever the machine has.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Returns the settings with which apt reads a release's packages as if nothing were installed. */
export async function settingsFor(release: string, work: string): Promise<Record<string, string>> {
  if (!existsSync(keyring)) {
    throw new Error(`this machine has no keys to check Debian's packages with (${keyring})`);
  }
  const format = ['--format', '$(SITE) $(COMPONENT)', 'Created-By: Packages'];
  const { stdout } = await run('apt-get', ['indextargets', ...format]);
  const [site] = /^\S+(?= main$)/m.exec(stdout) ?? [];
  if (site === undefined) {
    throw new Error('apt-get knows no mirror of Debian');
  }
  const list = join(work, 'sources.list');
  writeFileSync(list, `deb [signed-by=${keyring}] ${site} ${release} main\n`);
  writeFileSync(join(work, 'status'), '');
  return {
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::status': join(work, 'status'),
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
  };
}

/** Dependencies that a package needs only to be installed, and not to run, are left out. */
const NEEDED = /^(erlang-|lib(?!python|pam|db|deb|semanage|sepol|audit)|zlib1g)/;

/** Returns the names of packages and of the libraries that they need. */
export async function withLibraries(
  packages: readonly string[],
  flags: readonly string[],
): Promise<string[]> {
  const simulate = [...flags, '--no-install-recommends', '--simulate', 'install', ...packages];
  const { stdout } = await run('apt-get', simulate, { maxBuffer: 16 * 1024 * 1024 });
  const all = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
  return all.filter((name) => packages.includes(name) || NEEDED.test(name));
}

/**
 * Makes the programs below a folder run with the C library that was unpacked with them: a script of the same name starts
 * each through that library's loader. LD_LIBRARY_PATH would not do, because the programs that they start, such as the
 * system's shell, would get it as well.
 * @param files where everything is unpacked
 * @param home where it will be
 * @param folder that has the programs, relative to both
 */
export function useOwnLibraries(files: string, home: string, folder: string): void {
  const [loader] = ['usr/lib64', 'usr/lib'].flatMap((below) =>
    readdirSync(join(files, below), { withFileTypes: true })
      .filter(({ name }) => /^ld-linux.*\.so/.test(name))
      .map(({ name }) => join(home, below, name)),
  );
  const triplet = readdirSync(join(files, 'usr/lib')).find((name) => name.includes('-linux-'));
  if (loader === undefined || triplet === undefined) {
    throw new Error('the packages have no C library');
  }
  const names = readdirSync(join(files, folder), { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((path) => isProgram(join(files, folder, path)))) {
    const program = join(files, folder, name);
    renameSync(program, `${program}.elf`);
    const libraries = join(home, 'usr/lib', triplet);
    const real = join(home, folder, `${name}.elf`);
    writeFileSync(
      program,
      `#!/bin/sh\nexec '${loader}' --library-path '${libraries}' --argv0 "$0" '${real}' "$@"\n`,
    );
    chmodSync(program, 0o755);
  }
}

/** Whether a file is a program for the processor, and no script, library or link. */
function isProgram(file: string): boolean {
  const facts = lstatSync(file);
  if (!facts.isFile() || (facts.mode & constants.S_IXUSR) === 0 || /\.so\b/.test(file)) {
    return false;
  }
  const start = Buffer.alloc(4);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, start);
  closeSync(descriptor);
  return start.toString('latin1') === '\x7fELF';
}
