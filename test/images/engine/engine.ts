import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemPath, unpackedPackages, which } from '../../../tools/support/debian-packages';

export interface Engine {
  /** The environment of `docker` and of every other program that talks to the engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it was started here, so that it contains no one else's images. */
  readonly own: boolean;
  stop(): Promise<void>;
}

/** Returns the container engine that answers, or one of our own, or the reason why there is neither. */
export async function openEngine(say: (text: string) => void): Promise<Engine | string> {
  if (spawnSync('docker', ['info'], { timeout: 10_000 }).status === 0) {
    return { env: {}, own: false, stop: async () => {} };
  }
  if (process.getuid?.() !== 0) {
    return 'no container engine answers, and only root can start one.';
  }
  const programs = await dockerPrograms(say).catch((error: Error) => error.message);
  if (programs === undefined) {
    return 'no container engine answers, and none is installed.';
  }
  if (typeof programs === 'string') {
    return `no container engine answers, and Docker's packages could not be fetched: ${programs}`;
  }
  return startEngine(programs);
}

async function dockerPrograms(say: (text: string) => void): Promise<Record<string, string> | undefined> {
  if (
    which('dockerd') !== undefined &&
    which('docker-compose') !== undefined &&
    which('debootstrap') !== undefined
  ) {
    return { PATH: systemPath };
  }
  const packages = ['docker.io', 'docker-compose', 'debootstrap'];
  const docker = { name: 'Docker', packages, megabytes: 80, dependencies: true, prepare: chooseIptables };
  const unpacked = await unpackedPackages(docker, say);
  if (unpacked === undefined) {
    return undefined;
  }
  const { home, env } = unpacked;
  return {
    ...env,
    PATH: ['usr/bin', 'usr/sbin', 'sbin']
      .map((folder) => join(home, folder))
      .concat(systemPath)
      .join(':'),
    PYTHONPATH: join(home, 'usr/lib/python3/dist-packages'),
    DEBOOTSTRAP_DIR: join(home, 'usr/share/debootstrap'),
    XTABLES_LIBDIR:
      (env.LD_LIBRARY_PATH ?? '')
        .split(':')
        .map((folder) => join(folder, 'xtables'))
        .find(existsSync) ?? '',
  };
}

/** Chooses one of two implementations, as the package's installation does. */
function chooseIptables(files: string): void {
  for (const name of ['iptables', 'ip6tables']) {
    symlinkSync('xtables-nft-multi', join(files, 'usr/sbin', name));
  }
}

async function startEngine(programs: Record<string, string>): Promise<Engine | string> {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-engine-'));
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  const flags = {
    host: socket,
    'data-root': `${folder}/data`,
    'exec-root': `${folder}/exec`,
    pidfile: `${folder}/pid`,
  };
  const daemon = spawn(
    'dockerd',
    Object.entries(flags).map(([key, value]) => `--${key}=${value}`),
    {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...programs },
    },
  );
  // Emitted when the daemon cannot be started at all. That it is not running is noticed below.
  daemon.on('error', () => {});
  process.once('exit', () => daemon.kill());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(1));
  }
  const isRunning = () => daemon.pid !== undefined && daemon.exitCode === null && daemon.signalCode === null;
  const stop = async () => {
    const exited = once(daemon, 'exit');
    if (isRunning() && daemon.kill()) {
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const env = { ...programs, DOCKER_HOST: socket };
  for (const end = Date.now() + 60_000; isRunning() && Date.now() < end; await sleep(200)) {
    const { status } = spawnSync('docker', ['info'], { env: { ...process.env, ...env } });
    if (status === 0) {
      return { env, own: true, stop };
    }
  }
  const reason = readFileSync(logFile, 'utf8').split('\n').slice(-5).join('\n');
  await stop();
  return `no container engine answers, and one of our own did not start:\n${reason}`;
}
