// For compose.yaml: makes the certificate with which PostgreSQL and RabbitMQ show who they are, and tells clients whom to trust.
// Safe to run again: what is good for another month stays.
import { chmodSync, copyFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { readConfig } from '../../shared/service/config';
import { certificateOf } from '../support/certificates';

const folder = z.string().min(1);
const settings = z.object({
  /** Where the authority and its key stay. No other program needs it. */
  AUTHORITY_FOLDER: folder,
  /** Where the servers read `servers.crt` and `servers.key`. The key can be read by the group of this process. */
  SERVERS_FOLDER: folder,
  /** Where clients read `authority.crt`. */
  TRUST_FOLDER: folder,
  /** The names under which clients reach the servers, separated by commas. */
  HOSTS: z.string().min(1),
});

async function main(): Promise<void> {
  const config = readConfig(settings);
  const hosts = config.HOSTS.split(',');
  const { authorityFile, certificateFile, keyFile } = await certificateOf(
    config.AUTHORITY_FOLDER,
    'servers',
    hosts,
  );
  publish(authorityFile, config.TRUST_FOLDER, 0o644);
  publish(keyFile, config.SERVERS_FOLDER, 0o640);
  publish(certificateFile, config.SERVERS_FOLDER, 0o644);
  console.log(`The certificate of ${hosts.join(' and ')} is good for a month or more.`);
}

/** Nobody reads half of a file. */
function publish(file: string, to: string, mode: number): void {
  const copy = join(to, basename(file));
  copyFileSync(file, `${copy}.new`);
  chmodSync(`${copy}.new`, mode);
  renameSync(`${copy}.new`, copy);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
