import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { cacheFolder, which } from '../../../tools/support/debian-packages';
import { installedGo } from '../../support/kustomize';
import { whyNoGroups } from './cgroups';
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
  readonly hasOverlays: boolean;
  readonly freeGigabytes: number;
  /** Folders that a node hides behind its own. */
  readonly hidden: readonly string[];
}

const NEEDED_NODE = '22.15';
/** A node has folders of its own there. */
const HIDDEN = ['/run/', '/var/run/', '/var/lib/', '/var/log/'];
/** For the images, what they are built in, and their copies in three nodes; and for what Go compiles. */
const NEEDED_GB = { built: 12, new: 35 };

/** Returns everything that is missing, each with what to do about it. */
export function missingFrom(machine: Machine): string[] {
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
    ...(machine.hasOverlays ? [] : ['overlay file systems: modprobe overlay']),
    ...(machine.freeGigabytes >= neededGb
      ? []
      : [`${neededGb} GB of disk space, here and in your cache: ${machine.freeGigabytes} GB are free`]),
    ...machine.hidden.map(
      (folder) => `another place for ${folder}: a node has folders of its own in ${HIDDEN.join(', ')}`,
    ),
  ];
}

/** Looks at this machine, and changes nothing. */
export function thisMachine(): Machine {
  const folders = [home, cacheFolder()];
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    node: process.versions.node,
    go: goVersion(),
    built: areBuilt(),
    missingPrograms: [
      ...['unshare', 'nsenter', 'mount', 'nice', 'bash', 'openssl', 'curl', 'awk'].filter(
        (name) => which(name) === undefined,
      ),
      ...missingSystemPrograms(),
    ],
    noNamespaces: whyNoNamespaces(),
    noGroups: whyNoGroups(),
    hasOverlays: hasOverlays(),
    freeGigabytes: Math.min(...folders.map(freeGigabytes)),
    hidden: folders.filter((folder) => HIDDEN.some((hidden) => `${folder}/`.startsWith(hidden))),
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

function hasOverlays(): boolean {
  const known = '/proc/filesystems';
  return existsSync(known) && /\boverlay$/m.test(readFileSync(known, 'utf8'));
}

function freeGigabytes(folder: string): number {
  let existing = folder;
  while (!existsSync(existing)) {
    existing = dirname(existing);
  }
  const { bavail, bsize } = statfsSync(existing);
  return Math.floor((bavail * bsize) / 1e9);
}

/** Compares versions such as "1.26.8", part by part. */
function isOlder(version: string, needed: string): boolean {
  const parts = (text: string) => text.split('.').map(Number);
  const [have, want] = [parts(version), parts(needed)];
  const different = want.findIndex((part, i) => part !== (have[i] ?? 0));
  return different >= 0 && (have[different] ?? 0) < (want[different] ?? 0);
}
