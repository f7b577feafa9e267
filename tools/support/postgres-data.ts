import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServerCertificate } from './certificates';
import { type PostgresPrograms, postgresPrograms, reachableDataDir } from './postgres-programs';

export function postgresDataDir(home: string, programs: PostgresPrograms = postgresPrograms()): string {
  return reachableDataDir(join(home, 'postgres'), programs);
}

/**
 * Makes a data folder. It is created next to its final place and then moved, so that an interrupted attempt is never taken for one.
 * @throws Error with what the program said
 */
export function initialise({ initdb, user }: PostgresPrograms, dataDir: string, password: string): void {
  const unfinished = `${dataDir}.new`;
  const passwordFile = `${dataDir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(unfinished), { recursive: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [unfinished, passwordFile]) {
      chownSync(path, user.uid, user.gid);
    }
  }
  const flags = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const result = spawnSync(initdb, ['-D', unfinished, '--encoding=UTF8', '--no-locale', ...flags], {
    ...user,
    cwd: dirname(dataDir),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  rmSync(passwordFile);
  if (result.status !== 0) {
    const reason = result.error?.message ?? result.stderr;
    throw new Error(`Could not create PostgreSQL's data folder ${dataDir}: ${reason}`);
  }
  renameSync(unfinished, dataDir);
}

/** Who connects without TLS matches no line, and is refused. */
const ONLY_ENCRYPTED = 'hostssl all,replication all 127.0.0.1/32 scram-sha-256\n';

/**
 * Puts a certificate where the server finds it: the server may be another user's. A server that runs reads it again at SIGHUP.
 * @returns the server's settings
 */
export function installCertificate(
  { user }: PostgresPrograms,
  dataDir: string,
  { certificateFile, keyFile }: ServerCertificate,
): Record<string, string> {
  const files = {
    'server.crt': readFileSync(certificateFile),
    'server.key': readFileSync(keyFile),
    'encrypted_hba.conf': ONLY_ENCRYPTED,
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(dataDir, name);
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    if (user !== undefined) {
      chownSync(`${path}.new`, user.uid, user.gid);
    }
    renameSync(`${path}.new`, path);
  }
  return { ssl: 'on', hba_file: join(dataDir, 'encrypted_hba.conf') };
}
