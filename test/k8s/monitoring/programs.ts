import { join } from 'node:path';
import { unpackedPackages, which } from '../../../tools/support/debian-packages';

const PACKAGES = {
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'prometheus-postgres-exporter': 'prometheus-postgres-exporter',
} as const;

/**
 * Finds a program of Prometheus: the installed one, or else the distribution's, unpacked into the user's cache.
 * @returns the path of the program
 * @throws when there is neither
 */
export async function program(name: keyof typeof PACKAGES): Promise<string> {
  const installed = which(name);
  if (installed !== undefined) {
    return installed;
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const packages = [...new Set(Object.values(PACKAGES))];
  const unpacked = await unpackedPackages({ name: 'Prometheus', packages, megabytes: 50 }, say);
  if (unpacked !== undefined) {
    return join(unpacked.home, 'usr/bin', name);
  }
  throw new Error(`The checks of rules and dashboards need ${name}. Install it and put it on the PATH.`);
}
