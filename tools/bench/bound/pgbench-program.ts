import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages, which } from '../../support/debian-packages';

export interface Pgbench {
  command: string;
  env: { LD_LIBRARY_PATH?: string };
}

/** Debian keeps pgbench here; what is on the PATH is a wrapper around it. */
const folder = 'usr/lib/postgresql';

/**
 * Finds pgbench on this machine, or unpacks it from the distribution's packages into the user's cache.
 * @throws Error that says how to install it
 */
export async function findPgbench(say: (text: string) => void): Promise<Pgbench> {
  const installed = newestBelow('/') ?? which('pgbench');
  if (installed !== undefined) {
    return { command: installed, env: {} };
  }
  const wanted = { name: 'PostgreSQL', packages: ['postgresql'], megabytes: 60, dependencies: true };
  const unpacked = await unpackedPackages(wanted, say).catch((error: Error) => error);
  if (unpacked !== undefined && !(unpacked instanceof Error)) {
    const command = newestBelow(unpacked.home);
    if (command !== undefined) {
      return { command, env: unpacked.env };
    }
  }
  const failure = unpacked instanceof Error ? ` (fetching it failed: ${unpacked.message.trim()})` : '';
  throw new Error(
    `The bound needs pgbench, which is not on this machine${failure}. Install it ` +
      '("sudo apt-get install postgresql", "sudo dnf install postgresql-contrib" or "brew install postgresql").',
    { cause: unpacked },
  );
}

function newestBelow(root: string): string | undefined {
  const versions = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, folder, version, 'bin/pgbench'))
    .find((program) => existsSync(program));
}
