import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemPath, type Unpacked } from '../../../tools/support/debian-packages';

/** What the programs of an engine need when their packages are unpacked and not installed. */

/** Chooses one of two implementations, as the package's installation does. */
export function chooseIptables(files: string): void {
  // It is missing where the machine has the package.
  if (existsSync(join(files, 'usr/sbin/xtables-nft-multi'))) {
    for (const name of ['iptables', 'ip6tables'].flatMap((tool) => [
      tool,
      `${tool}-save`,
      `${tool}-restore`,
    ])) {
      symlinkSync('xtables-nft-multi', join(files, 'usr/sbin', name));
    }
  }
}

/** Returns the variables with which the programs find each other, their libraries and the extensions of iptables. */
export function environmentOf({ home, env }: Unpacked): Record<string, string> {
  const extensions = (env.LD_LIBRARY_PATH ?? '').split(':').map((folder) => join(folder, 'xtables'));
  return {
    ...env,
    PATH: ['usr/bin', 'usr/sbin', 'bin', 'sbin']
      .map((folder) => join(home, folder))
      .concat(systemPath)
      .join(':'),
    XTABLES_LIBDIR: extensions.find(existsSync) ?? '',
  };
}
