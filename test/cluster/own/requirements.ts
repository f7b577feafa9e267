import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, which } from '../../../tools/support/debian-packages';
import { hasDocker } from '../../images/engine/engine';
import { installedGo } from '../../support/kustomize';
import { whyNoGroups } from './cgroups';
import type { IpFamily } from './families';
import { home } from './places';
import { areBuilt } from './programs/build';
import { NEEDED_GO } from './programs/modules';
import { missingSystemPrograms } from './system-programs';

/** What a machine has of what a cluster needs. */
export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  readonly node: string;
  /** The version of Go, such as "1.26.8"; undefined when there is none. */
  readonly go: string | undefined;
  /** Whether the programs are in the cache, so that Go is not needed. */
  readonly built: boolean;
  readonly missingPrograms: readonly string[];
  /** Why no namespaces can be made; undefined when they can. */
  readonly noNamespaces: string | undefined;
  /** Why there are no cgroups, and what to do about it; undefined when there are. */
  readonly noGroups: string | undefined;
  /** Folders on whose file systems no overlay can be mounted. */
  readonly noOverlays: readonly string[];
  readonly freeGigabytes: number;
  readonly hasIpv6: boolean;
  /** Folders that a node hides behind its own. */
  readonly hidden: readonly string[];
}

const NEEDED_NODE = '22.15';
/** A node has folders of its own there. */
const HIDDEN = ['/run/', '/var/run/', '/var/lib/', '/var/log/'];
/** For the images, what they are built in, and their copies in three nodes; and for what Go compiles. */
const NEEDED_GB = { built: 12, new: 35 };

/** Returns everything that is missing, each with what to do about it. */
export function missingFrom(machine: Machine, ipFamily: IpFamily = 'ipv4'): string[] {
  if (machine.platform !== 'linux') {
    return ['Linux: use kind, or any other cluster, with "npm run test:cluster -- --context NAME"'];
  }
  const { go, built } = machine;
  const neededGb = built ? NEEDED_GB.built : NEEDED_GB.new;
  return [
    ...(machine.isRoot ? [] : ['root: only root can make the namespaces and cgroups of nodes. Use sudo']),
    ...(isOlder(machine.node, NEEDED_NODE)
      ? [`Node.js ${NEEDED_NODE} or newer, for the Kubernetes client: this is ${machine.node}`]
      : []),
    ...(built || (go !== undefined && !isOlder(go, NEEDED_GO))
      ? []
      : [
          `Go ${NEEDED_GO} or newer, to build Kubernetes: ${go === undefined ? 'there is none' : `this is ${go}`}. ` +
            'Get it from https://go.dev/dl/',
        ]),
    ...machine.missingPrograms.map((name) => `${name}: your distribution has it as a package`),
    ...(machine.isRoot && machine.noNamespaces !== undefined
      ? [`namespaces, which cannot be made (${machine.noNamespaces}). A container needs --privileged`]
      : []),
    ...(machine.isRoot && machine.noGroups !== undefined ? [machine.noGroups] : []),
    ...(machine.hasIpv6 || ipFamily === 'ipv4' ? [] : ["IPv6, which this machine's kernel does not have"]),
    ...machine.noOverlays.map(
      (folder) =>
        `overlay file systems on that of ${folder}: modprobe overlay, or choose a place that is no overlay itself`,
    ),
    ...(machine.freeGigabytes >= neededGb
      ? []
      : [`${neededGb} GB of disk space, here and in your cache: ${machine.freeGigabytes} GB are free`]),
    ...machine.hidden.map(
      (folder) => `another place for ${folder}: a node has folders of its own in ${HIDDEN.join(', ')}`,
    ),
  ];
}

/** Looks at this machine, and changes nothing but which modules its kernel has loaded. */
export function thisMachine(): Machine {
  const isRoot = process.getuid?.() === 0;
  const noNamespaces = whyNoNamespaces();
  const folders = [home, cacheFolder()].map(existing);
  return {
    platform: process.platform,
    isRoot,
    node: process.versions.node,
    go: goVersion(),
    built: areBuilt(),
    missingPrograms: [
      ...['unshare', 'nsenter', 'mount', 'nice', 'bash', 'openssl', 'curl', 'awk'].filter(
        (name) => which(name) === undefined,
      ),
      ...missingSystemPrograms(),
      ...(hasDocker() ? [] : ['docker']),
    ],
    noNamespaces,
    noGroups: whyNoGroups(),
    noOverlays: isRoot && noNamespaces === undefined ? folders.filter(lacksOverlays) : [],
    hasIpv6: existsSync('/proc/net/if_inet6'),
    freeGigabytes: Math.min(...folders.map(freeGigabytes)),
    hidden: [home, cacheFolder()].filter((folder) => isHidden(folder) || isHidden(existing(folder))),
  };
}

function goVersion(): string | undefined {
  const go = installedGo();
  const output = go && spawnSync(go, ['version'], { encoding: 'utf8' }).stdout;
  return /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(output ?? '')?.[1];
}

function whyNoNamespaces(): string | undefined {
  const attempt = ['--net', '--mount', '--pid', '--fork', '--mount-proc', 'true'];
  const { status, stderr } = spawnSync('unshare', attempt, { encoding: 'utf8' });
  return status === 0 ? undefined : (stderr ?? '').trim().split('\n').at(-1);
}

/** Tries to mount one: the kernel may have no module for it, and a container's own file system may be an overlay itself. */
function lacksOverlays(folder: string): boolean {
  const cwd = mkdtempSync(join(folder, 'chandlery-overlay-'));
  try {
    const mount = 'mkdir a b c d && mount -t overlay overlay -o lowerdir=a,upperdir=b,workdir=c d';
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', mount];
    return spawnSync('unshare', args, { cwd }).status !== 0;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function isHidden(folder: string): boolean {
  return HIDDEN.some((hidden) => `${folder}/`.startsWith(hidden));
}

function freeGigabytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.floor((bavail * bsize) / 1e9);
}

/** Returns the folder, or the one above it that exists, without links. */
function existing(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : existing(dirname(folder));
}

/** Compares versions such as "1.26.8", part by part. */
function isOlder(version: string, needed: string): boolean {
  const parts = (text: string) => text.split('.').map(Number);
  const [have, want] = [parts(version), parts(needed)];
  const different = want.findIndex((part, i) => part !== (have[i] ?? 0));
  return different >= 0 && (have[different] ?? 0) < (want[different] ?? 0);
}
