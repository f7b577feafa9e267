import { execFile, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface RabbitPrograms {
  server: string;
  epmd: string;
  /** What these programs need to find their own parts. */
  env: { PATH: string; LD_LIBRARY_PATH?: string };
}

const run = promisify(execFile);
const systemPath = `${process.env.PATH ?? ''}${delimiter}/usr/local/sbin${delimiter}/usr/sbin${delimiter}/opt/homebrew/sbin`;

/** A rabbitmq-server that is installed on this machine. */
export function installedRabbit(): RabbitPrograms | undefined {
  const server = which('rabbitmq-server');
  const erl = which('erl');
  if (server === undefined || erl === undefined) return undefined;
  // What distributions put on the PATH is a wrapper that insists on the system's own node and its user.
  const unwrapped = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  return {
    server: existsSync(unwrapped) ? unwrapped : realpathSync(server),
    epmd: join(dirname(realpathSync(erl)), 'epmd'),
    env: { PATH: systemPath },
  };
}

/**
 * A rabbitmq-server of our own, unpacked from the distribution's packages into the user's cache. Nothing is installed,
 * so that neither root is needed nor a service is left on the machine. Undefined when this is not Debian's kind of
 * system, or an Erlang is installed already, which the packages would be incomplete without.
 */
export async function downloadedRabbit(say: (text: string) => void): Promise<RabbitPrograms | undefined> {
  const tools = which('apt-get') !== undefined && which('dpkg-deb') !== undefined;
  if (!tools || existsSync('/usr/lib/erlang')) return undefined;
  const release = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'chandlery');
  const home = join(cache, `rabbitmq-${release}-${process.arch}`);
  if (!existsSync(home)) {
    say('Downloading RabbitMQ from the distribution (once, about 40 MB) …');
    mkdirSync(cache, { recursive: true });
    const unfinished = mkdtempSync(join(cache, 'unfinished-'));
    try {
      await unpack(unfinished, home);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const libraries = ['lib', 'usr/lib']
    .map((folder) => join(home, folder))
    .filter((folder) => existsSync(folder));
  const triplets = libraries.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.includes('-linux-') ? [join(folder, name)] : [])),
  );
  return {
    server: join(home, 'usr/lib/rabbitmq/bin/rabbitmq-server'),
    epmd: join(home, 'usr/lib/erlang/bin/epmd'),
    env: {
      PATH: `${join(home, 'usr/bin')}${delimiter}${systemPath}`,
      LD_LIBRARY_PATH: triplets.join(delimiter),
    },
  };
}

async function unpack(work: string, home: string): Promise<void> {
  const files = join(work, 'files');
  for (const folder of ['lists/partial', 'cache/archives/partial', 'files']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const settings = {
    'Debug::NoLocking': 'true',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    // apt would change to a user of its own, who cannot write into our folder.
    'APT::Sandbox::User': userInfo().username,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const limits = { timeout: 10 * 60_000, maxBuffer: 16 * 1024 * 1024 };
  await run('apt-get', [...flags, 'update'], limits);
  await run(
    'apt-get',
    [...flags, '-y', '--no-install-recommends', '--download-only', 'install', 'rabbitmq-server'],
    limits,
  );
  const archives = join(work, 'cache/archives');
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', join(archives, name), files], limits);
  }
  moveErlang(files, join(home, 'usr/lib/erlang'));
  try {
    renameSync(files, home);
  } catch (error) {
    // Another start was faster.
    if (!existsSync(home)) throw error;
  }
}

// Erlang's start scripts name the folder that the distribution puts it in.
function moveErlang(files: string, to: string): void {
  const erlang = join(files, 'usr/lib/erlang');
  const runtime = readdirSync(erlang).filter((name) => name.startsWith('erts-'));
  for (const script of ['bin/erl', ...runtime.map((name) => `${name}/bin/erl`)].map((name) =>
    join(erlang, name),
  )) {
    if (!existsSync(script)) continue;
    writeFileSync(script, readFileSync(script, 'utf8').replaceAll('/usr/lib/erlang', to));
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

/** Whether a container engine is there and ready to run something. */
export function containerEngine(): string | undefined {
  return ['docker', 'podman'].find(
    (engine) => which(engine) !== undefined && spawnSync(engine, ['info'], { timeout: 5_000 }).status === 0,
  );
}
