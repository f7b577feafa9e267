import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemPath, thisSystem, unpackedPackages, which } from './debian-packages';
import { useOwnLibraries } from './debian-release';

export interface RabbitPrograms {
  server: string;
  epmd: string;
  /** Such as "4.0.5". */
  version: string;
  /** The environment variables with which these programs find their own parts. */
  env: { PATH: string; LD_LIBRARY_PATH?: string };
}

type Say = (text: string) => void;

/** The first release of Debian with a RabbitMQ 4. */
const DEBIAN_WITH_4 = 'trixie';
/** The processors for which Debian's packages are tried. */
const ARCHITECTURES = ['x64', 'arm64'];

/**
 * Which RabbitMQ is used: "installed", "container", "distribution", or a release of Debian such as "trixie". By default,
 * it is the first of these that this machine can have: an installed RabbitMQ 4; Debian's RabbitMQ 4, unpacked into the
 * user's cache; a container; an older installed one; the distribution's.
 */
const wanted = process.env.CHANDLERY_RABBITMQ || undefined;

/**
 * Returns the RabbitMQ that is wanted, or else a RabbitMQ 4; undefined when that would be a container, or cannot be had.
 * @throws when this machine cannot have the one that is wanted
 */
export async function preferredRabbit(say: Say): Promise<RabbitPrograms | undefined> {
  if (wanted === 'container') {
    return undefined;
  }
  if (wanted === undefined) {
    const installed = installedRabbit();
    return installed !== undefined && majorOf(installed) >= 4 ? installed : debiansRabbit4(say);
  }
  const release = wanted === 'distribution' ? undefined : wanted;
  const found =
    wanted === 'installed'
      ? installedRabbit()
      : await unpackedRabbit(say, release).catch((error: Error) => error);
  if (found === undefined || found instanceof Error) {
    throw new Error(
      `This machine cannot have the RabbitMQ that CHANDLERY_RABBITMQ asks for (${wanted}). Unset it, or set it to ` +
        `installed, container, distribution or a release of Debian.${found ? ` ${lastLine(found)}` : ''}`,
      { cause: found },
    );
  }
  return found;
}

/** Returns an older RabbitMQ, for machines that cannot have the preferred one. */
export async function olderRabbit(say: Say): Promise<RabbitPrograms | undefined> {
  return wanted === undefined ? (installedRabbit() ?? unpackedRabbit(say)) : undefined;
}

/**
 * Returns the RabbitMQ for whoever must start its nodes as processes of their own.
 * @throws when this machine can only have a container
 */
export async function ownRabbit(say: Say): Promise<RabbitPrograms> {
  const programs = (await preferredRabbit(say)) ?? (await olderRabbit(say));
  if (programs === undefined) {
    throw new Error(
      'This needs a RabbitMQ that is no container. Install one ("sudo apt-get install rabbitmq-server") and try again.',
    );
  }
  return programs;
}

/** Returns Debian's RabbitMQ 4; undefined, with a message, when it cannot be had. */
async function debiansRabbit4(say: Say): Promise<RabbitPrograms | undefined> {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch) || thisSystem().id !== 'debian') {
    return undefined;
  }
  return unpackedRabbit(say, DEBIAN_WITH_4).catch((error: Error) => {
    say(`RabbitMQ 4 cannot be had (${lastLine(error)}); looking for an older one.`);
    return undefined;
  });
}

/** Returns the rabbitmq-server that is installed on this machine. */
function installedRabbit(): RabbitPrograms | undefined {
  const server = which('rabbitmq-server');
  const erl = which('erl');
  if (server === undefined || erl === undefined) {
    return undefined;
  }
  // Distributions put a wrapper on the PATH that works only for the system's own node and its user.
  const unwrapped = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  const program = existsSync(unwrapped) ? unwrapped : realpathSync(server);
  return {
    server: program,
    epmd: join(dirname(realpathSync(erl)), 'epmd'),
    version: versionOf(program),
    env: { PATH: systemPath },
  };
}

/**
 * Returns a private rabbitmq-server from Debian's packages. Undefined when there are no such packages, or when the
 * distribution's Erlang is already installed: it would not be downloaded again, and the packages are incomplete without
 * it.
 * @param release of Debian; by default the distribution's own
 */
async function unpackedRabbit(say: Say, release?: string): Promise<RabbitPrograms | undefined> {
  if (release === undefined && existsSync('/usr/lib/erlang')) {
    return undefined;
  }
  const runtime = 'usr/lib/erlang';
  const unpacked = await unpackedPackages(
    {
      name: 'RabbitMQ',
      packages: ['rabbitmq-server'],
      megabytes: release === undefined ? 40 : 55,
      dependencies: true,
      release,
      prepare(files, home) {
        setErlangPath(files, join(home, runtime));
        if (release !== undefined) {
          useOwnLibraries(files, home, runtime);
        }
      },
    },
    say,
  );
  const server = join(unpacked?.home ?? '', 'usr/lib/rabbitmq/bin/rabbitmq-server');
  return (
    unpacked && {
      server,
      epmd: join(unpacked.home, runtime, 'bin/epmd'),
      version: versionOf(server),
      env: unpacked.env,
    }
  );
}

// Erlang's start scripts contain the path of the folder that the distribution installs it in.
function setErlangPath(files: string, to: string): void {
  const erlang = join(files, 'usr/lib/erlang');
  const runtime = readdirSync(erlang).filter((name) => name.startsWith('erts-'));
  for (const script of ['bin/erl', ...runtime.map((name) => `${name}/bin/erl`)].map((name) =>
    join(erlang, name),
  )) {
    if (!existsSync(script)) {
      continue;
    }
    writeFileSync(script, readFileSync(script, 'utf8').replaceAll('/usr/lib/erlang', to));
  }
}

/** Where apt-get says what is wrong. */
function lastLine(error: Error): string {
  return error.message.trim().split('\n').at(-1) ?? '';
}

/** Looks where packages and archives keep their parts. @returns "0" when none of them says */
function versionOf(server: string): string {
  const home = join(dirname(server), '..');
  const names = [home, join(home, 'lib'), join(home, 'plugins')]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder));
  return names.flatMap((name) => /^rabbit(?:mq_server)?-(\d+[.]\d+[.\d]*)/.exec(name)?.[1] ?? [])[0] ?? '0';
}

/** Returns the first number of the version. */
export function majorOf({ version }: RabbitPrograms): number {
  return Number(version.split('.')[0]);
}

/** Returns the container engine that is ready to run containers, if there is one. */
export function containerEngine(): string | undefined {
  return ['docker', 'podman'].find(
    (engine) => which(engine) !== undefined && spawnSync(engine, ['info'], { timeout: 5_000 }).status === 0,
  );
}
