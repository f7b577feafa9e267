import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemPath, unpackedPackages, which } from '../../../tools/support/debian-packages';
import { endOf, startProgram } from '../../../tools/support/process';
import { chooseIptables, environmentOf } from './packages';
import { rememberFolders, removeTraces } from './traces';

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
  /** The file by which the next run finds what that engine has left in the machine's folders. */
  readonly traces?: string;
  /**
   * Whether it is an engine of our own in any case, changes nothing of the machine's network and has its mounts to itself.
   * Builds then use the machine's network, and it can run no service.
   */
  readonly isolated?: boolean;
  /** The cgroup of its containers. */
  readonly cgroup?: string;
  /** Ends it when it is aborted. Without it, it ends this process with it on SIGINT and the like. */
  readonly signal?: AbortSignal;
}

/** Returns the container engine that answers, or one of our own, or the reason why there is neither. */
export async function openEngine(
  say: (text: string) => void,
  settings: EngineSettings = {},
): Promise<Engine | string> {
  if (!settings.isolated && spawnSync('docker', ['info'], { timeout: 10_000 }).status === 0) {
    return { env: {}, own: false, stop: async () => {} };
  }
  const none = settings.isolated ? '' : 'no container engine answers, and ';
  if (process.getuid?.() !== 0) {
    return `${none}only root can start one of our own.`;
  }
  const programs = await dockerPrograms(say).catch((error: Error) => error.message);
  if (programs === undefined) {
    return `${none}Docker is not installed.`;
  }
  if (typeof programs === 'string') {
    return `${none}Docker's packages could not be fetched: ${programs}`;
  }
  const reason = await startEngine(programs, settings);
  return typeof reason === 'string' ? `${none}one of our own did not start:\n${reason}` : reason;
}

/** Whether this machine has Docker, or can unpack it. */
export function hasDocker(): boolean {
  return isInstalled() || (which('apt-get') !== undefined && which('dpkg-deb') !== undefined);
}

const isInstalled = () => which('dockerd') !== undefined && which('docker') !== undefined;

/**
 * Returns the environment of Docker's programs, after it has unpacked them where one is not installed.
 * @returns undefined when there are none
 */
export async function dockerPrograms(
  say: (text: string) => void,
): Promise<Record<string, string> | undefined> {
  const others = ['docker-compose', 'debootstrap'];
  if (isInstalled() && others.every((name) => which(name) !== undefined)) {
    return { PATH: systemPath };
  }
  const packages = ['docker.io', 'docker-compose', 'debootstrap'];
  const docker = { name: 'Docker', packages, megabytes: 80, dependencies: true, prepare: chooseIptables };
  const unpacked = await unpackedPackages(docker, say);
  if (unpacked === undefined) {
    // It can fetch images, but not build stand-ins.
    return isInstalled() ? { PATH: systemPath } : undefined;
  }
  return {
    ...environmentOf(unpacked),
    PYTHONPATH: join(unpacked.home, 'usr/lib/python3/dist-packages'),
    DEBOOTSTRAP_DIR: join(unpacked.home, 'usr/share/debootstrap'),
  };
}

/** In the engine's own mounts: the machine's containerd, which Docker would use, and AppArmor, which has no namespaces. */
const HIDDEN = ['/run/containerd', '/sys/kernel/security'];

/** Returns the command that starts an engine. @param folder for its sockets and the like */
export function engineCommand(folder: string, settings: EngineSettings): string[] {
  const { dataRoot = join(folder, 'data'), cgroup, isolated } = settings;
  const flags = {
    // Not the settings of the machine's engine, which contradict these.
    'config-file': join(folder, 'daemon.json'),
    host: socketIn(folder),
    'data-root': dataRoot,
    'exec-root': `${folder}/exec`,
    pidfile: `${folder}/pid`,
    // With systemd's driver, which is the default of most machines, it accepts only cgroups of systemd.
    ...(cgroup === undefined ? {} : { 'cgroup-parent': cgroup, 'exec-opt': 'native.cgroupdriver=cgroupfs' }),
    ...(isolated ? { bridge: 'none', iptables: 'false', ip6tables: 'false', 'ip-forward': 'false' } : {}),
  };
  const dockerd = ['dockerd', ...Object.entries(flags).map(([key, value]) => `--${key}=${value}`)];
  if (!isolated) {
    return dockerd;
  }
  const hide = HIDDEN.map((path) => `if [ -d ${path} ]; then mount -t tmpfs tmpfs ${path}; fi`);
  const script = ['set -e', ...hide, 'exec "$@"'].join('\n');
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...dockerd];
}

const socketIn = (folder: string) => `unix://${join(folder, 'docker.sock')}`;

/** @returns the engine, or the end of its log when it does not start */
async function startEngine(
  programs: Record<string, string>,
  settings: EngineSettings,
): Promise<Engine | string> {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-engine-'));
  const logFile = join(folder, 'log');
  const { dataRoot = join(folder, 'data'), recordsDir = join(folder, 'running'), signal } = settings;
  const { traces = join(folder, 'traces') } = settings;
  mkdirSync(dataRoot, { recursive: true });
  writeFileSync(join(folder, 'daemon.json'), '{}');
  rememberFolders(traces);
  const [command = '', ...args] = engineCommand(folder, settings);
  const daemon = startProgram({
    name: 'dockerd',
    command,
    args,
    env: { ...process.env, ...programs },
    logFile,
    recordsDir,
  });
  const stop = async () => {
    await daemon.stop();
    removeTraces(traces);
    rmSync(folder, { recursive: true, force: true });
  };
  if (signal === undefined) {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(name, () => void stop().finally(() => process.exit(1)));
    }
  } else {
    signal.addEventListener('abort', () => void daemon.stop(), { once: true });
  }
  const network = settings.isolated ? { CHANDLERY_BUILD_NETWORK: 'host' } : {};
  const env = { ...programs, ...network, DOCKER_HOST: socketIn(folder) };
  for (const end = Date.now() + 60_000; daemon.isRunning() && Date.now() < end; await sleep(200)) {
    const { status } = spawnSync('docker', ['info'], { env: { ...process.env, ...env } });
    if (status === 0) {
      return { env, own: true, stop };
    }
  }
  const reason = endOf(logFile);
  await stop();
  return reason;
}
