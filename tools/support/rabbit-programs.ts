import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemPath, unpackedPackages, which } from './debian-packages';

export interface RabbitPrograms {
  server: string;
  epmd: string;
  /** What these programs need to find their own parts. */
  env: { PATH: string; LD_LIBRARY_PATH?: string };
}

/** A rabbitmq-server that is installed on this machine. */
export function installedRabbit(): RabbitPrograms | undefined {
  const server = which('rabbitmq-server');
  const erl = which('erl');
  if (server === undefined || erl === undefined) {
    return undefined;
  }
  // What distributions put on the PATH is a wrapper that insists on the system's own node and its user.
  const unwrapped = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  return {
    server: existsSync(unwrapped) ? unwrapped : realpathSync(server),
    epmd: join(dirname(realpathSync(erl)), 'epmd'),
    env: { PATH: systemPath },
  };
}

/**
 * A rabbitmq-server of our own, from the distribution's packages. Undefined when there are none, or when an Erlang is
 * installed already, which the packages would be incomplete without.
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
      prepare: (files, home) => moveErlang(files, join(home, 'usr/lib/erlang')),
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

// Erlang's start scripts name the folder that the distribution puts it in.
function moveErlang(files: string, to: string): void {
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

/** Whether a container engine is there and ready to run something. */
export function containerEngine(): string | undefined {
  return ['docker', 'podman'].find(
    (engine) => which(engine) !== undefined && spawnSync(engine, ['info'], { timeout: 5_000 }).status === 0,
  );
}
