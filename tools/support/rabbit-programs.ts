import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemPath, unpackedPackages, which } from './debian-packages';

export interface RabbitPrograms {
  server: string;
  epmd: string;
  /** The environment variables with which these programs find their own parts. */
  env: { PATH: string; LD_LIBRARY_PATH?: string };
}

/** Returns the rabbitmq-server that is installed on this machine. */
export function installedRabbit(): RabbitPrograms | undefined {
  const server = which('rabbitmq-server');
  const erl = which('erl');
  if (server === undefined || erl === undefined) {
    return undefined;
  }
  // Distributions put a wrapper on the PATH that works only for the system's own node and its user.
  const unwrapped = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  return {
    server: existsSync(unwrapped) ? unwrapped : realpathSync(server),
    epmd: join(dirname(realpathSync(erl)), 'epmd'),
    env: { PATH: systemPath },
  };
}

/**
 * Returns a private rabbitmq-server from the distribution's packages. Undefined when there are no such packages, or
 * when an Erlang is already installed: it would not be downloaded again, and the packages are incomplete without it.
 */
export async function downloadedRabbit(say: (text: string) => void): Promise<RabbitPrograms | undefined> {
  if (existsSync('/usr/lib/erlang')) {
    return undefined;
  }
  const unpacked = await unpackedPackages(
    {
      name: 'RabbitMQ',
      packages: ['rabbitmq-server'],
      megabytes: 40,
      dependencies: true,
      prepare: (files, home) => setErlangPath(files, join(home, 'usr/lib/erlang')),
    },
    say,
  );
  return (
    unpacked && {
      server: join(unpacked.home, 'usr/lib/rabbitmq/bin/rabbitmq-server'),
      epmd: join(unpacked.home, 'usr/lib/erlang/bin/epmd'),
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

/** Returns the container engine that is ready to run containers, if there is one. */
export function containerEngine(): string | undefined {
  return ['docker', 'podman'].find(
    (engine) => which(engine) !== undefined && spawnSync(engine, ['info'], { timeout: 5_000 }).status === 0,
  );
}
