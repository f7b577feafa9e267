import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemPath, unpackedPackages, which } from '../../../tools/support/debian-packages';
import { endOf, startProgram } from '../../../tools/support/process';
import { chooseIptables, environmentOf } from './packages';
import { rememberFolders } from './traces';

export interface Engine {
  /** The environment of `docker` and of every other program that talks to the engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it was started here, so that it contains no one else's images. */
  readonly own: boolean;
  stop(): Promise<void>;
}

/** How an engine of our own runs. */
export interface EngineSettings {
  /** Where it keeps images for the next time. Without it, they are deleted when the engine is stopped. */
  readonly dataRoot?: string;
  /** The records of running programs, with which the next run stops an engine whose run was killed. */
  readonly recordsDir?: string;
  /**
   * Whether it changes nothing of the machine's network and has its mounts to itself. Builds then use the machine's
   * network, and it can run no service.
   */
  readonly isolated?: boolean;
  /** The cgroup of its containers. */
  readonly cgroup?: string;
}

/** Returns the container engine that answers, or one of our own, or the reason why there is neither. */
export async function openEngine(
  say: (text: string) => void,
  settings: EngineSettings = {},
): Promise<Engine | string> {
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
  return startEngine(programs, settings);
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
  return {
    ...environmentOf(unpacked),
    PYTHONPATH: join(unpacked.home, 'usr/lib/python3/dist-packages'),
    DEBOOTSTRAP_DIR: join(unpacked.home, 'usr/share/debootstrap'),
  };
}

async function startEngine(
  programs: Record<string, string>,
  settings: EngineSettings,
): Promise<Engine | string> {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-engine-'));
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const logFile = join(folder, 'log');
  const { dataRoot = join(folder, 'data'), recordsDir = join(folder, 'running') } = settings;
  mkdirSync(dataRoot, { recursive: true });
  const flags = {
    host: socket,
    'data-root': dataRoot,
    'exec-root': `${folder}/exec`,
    pidfile: `${folder}/pid`,
    ...(settings.cgroup === undefined ? {} : { 'cgroup-parent': settings.cgroup }),
    ...(settings.isolated
      ? { bridge: 'none', iptables: 'false', ip6tables: 'false', 'ip-forward': 'false' }
      : {}),
  };
  const removeTraces = rememberFolders();
  const args = Object.entries(flags).map(([key, value]) => `--${key}=${value}`);
  const [command = '', ...before] = settings.isolated
    ? ['unshare', '--mount', '--propagation', 'private', 'dockerd']
    : ['dockerd'];
  const daemon = startProgram({
    name: 'dockerd',
    command,
    args: [...before, ...args],
    env: { ...process.env, ...programs },
    logFile,
    recordsDir,
  });
  const stop = async () => {
    await daemon.stop();
    removeTraces();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  }
  const network = settings.isolated ? { CHANDLERY_BUILD_NETWORK: 'host' } : {};
  const env = { ...programs, ...network, DOCKER_HOST: socket };
  for (const end = Date.now() + 60_000; daemon.isRunning() && Date.now() < end; await sleep(200)) {
    const { status } = spawnSync('docker', ['info'], { env: { ...process.env, ...env } });
    if (status === 0) {
      return { env, own: true, stop };
    }
  }
  const reason = endOf(logFile);
  await stop();
  return `no container engine answers, and one of our own did not start:\n${reason}`;
}
