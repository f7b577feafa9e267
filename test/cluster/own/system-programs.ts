import { systemPath, unpackedPackages, which } from '../../../tools/support/debian-packages';
import { chooseIptables, environmentOf } from '../../images/engine/packages';

/** Programs of the distribution that a node needs, and the packages that have them. */
const NEEDED: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  ip6tables: 'iptables',
  ip: 'iproute2',
};

/** Returns the environment of a node's programs, after it has unpacked those that are not installed. */
export async function systemPrograms(say: (text: string) => void): Promise<Record<string, string>> {
  const missing = Object.keys(NEEDED).filter((name) => which(name) === undefined);
  if (missing.length === 0) {
    return { PATH: systemPath };
  }
  const packages = [...new Set(Object.values(NEEDED))];
  const wanted = { name: 'containerd', packages, megabytes: 60, dependencies: true, prepare: chooseIptables };
  const unpacked = await unpackedPackages(wanted, say);
  if (unpacked === undefined) {
    throw new Error(`Install ${missing.join(', ')}: the distribution has packages for them.`);
  }
  return environmentOf(unpacked);
}

/** Returns the programs that are neither installed nor can be unpacked. */
export function missingSystemPrograms(): string[] {
  const canUnpack = which('apt-get') !== undefined && which('dpkg-deb') !== undefined;
  return canUnpack ? [] : Object.keys(NEEDED).filter((name) => which(name) === undefined);
}
