import { readdirSync, readFileSync } from 'node:fs';

/** Returns the processes of this machine whose command line or environment names a folder, except our own. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) {
        return false;
      }
      return ['cmdline', 'environ'].some((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(folder),
      );
    } catch {
      return false;
    }
  });
}
