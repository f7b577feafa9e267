import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, unpackedPackages, which } from '../../tools/support/debian-packages';

/** Tools that tests need and that npm does not have: found on the machine, or else built into the user's cache. */
const run = promisify(execFile);
const say = (text: string) => process.stderr.write(`${text}\n`);

/** Debian 12's own Go can build this version, and every kubectl since 1.27 contains it or a newer one. */
export const KUSTOMIZE = '5.0.3';

/** Renders a folder that has a kustomization.yaml, as `kubectl kustomize` does. */
export async function renderKustomization(folder: string): Promise<string> {
  const [program, ...args] = await kustomize();
  const { stdout } = await run(program, [...args, folder], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

type Command = readonly [program: string, ...args: string[]];
let found: Promise<Command> | undefined;

function kustomize(): Promise<Command> {
  found ??= find();
  return found;
}

async function find(): Promise<Command> {
  const kubectl = which('kubectl');
  const versionArgs = ['version', '--client', '--output=json'];
  if (kubectl && (await majorVersion(kubectl, versionArgs, /"kustomizeVersion": *"v(\d+)/)) >= 5) {
    return [kubectl, 'kustomize'];
  }
  const standalone = which('kustomize');
  if (standalone && (await majorVersion(standalone, ['version'], /v(\d+)\.\d+\.\d+/)) >= 5) {
    return [standalone, 'build'];
  }
  return [await builtKustomize(), 'build'];
}

/** Returns the major version of Kustomize that a program prints, or 0 when it prints none. */
async function majorVersion(program: string, args: string[], version: RegExp): Promise<number> {
  const output = await run(program, args).catch(() => ({ stdout: '' }));
  return Number(version.exec(output.stdout)?.[1] ?? 0);
}

async function builtKustomize(): Promise<string> {
  const cache = cacheFolder();
  const program = join(cache, `kustomize-${KUSTOMIZE}-${process.arch}`);
  if (existsSync(program)) {
    return program;
  }
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unfinished-'));
  try {
    const go = await findGo();
    say('Building kustomize (once, half a minute) …');
    const env = {
      PATH: process.env.PATH,
      HOME: work,
      GOBIN: join(work, 'bin'),
      GOPATH: join(work, 'path'),
      GOCACHE: join(work, 'cache'),
      GOFLAGS: '-modcacherw',
      CGO_ENABLED: '0',
    };
    const target = `sigs.k8s.io/kustomize/kustomize/v5@v${KUSTOMIZE}`;
    await run(go, ['install', target], { env, timeout: 10 * 60_000, maxBuffer: 16 * 1024 * 1024 });
    renameSync(join(work, 'bin/kustomize'), program);
    return program;
  } catch (error) {
    throw new Error(
      'There is no kubectl 1.27 or newer and no kustomize 5 on the PATH, and building kustomize failed. Install ' +
        'kubectl (https://kubernetes.io/docs/tasks/tools/) and run this again. ' +
        `The build failed with: ${(error as Error).message}`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Finds Go on the PATH, or where its own archive puts it. */
export function installedGo(): string | undefined {
  return which('go') ?? ['/usr/local/go/bin/go'].find((file) => existsSync(file));
}

/** Finds an installed Go, or unpacks the distribution's into the user's cache. */
async function findGo(): Promise<string> {
  const installed = installedGo();
  if (installed) {
    return installed;
  }
  const unpacked = await unpackedPackages(
    { name: 'Go', packages: ['golang-go'], megabytes: 80, dependencies: true },
    say,
  );
  const libraries = unpacked && join(unpacked.home, 'usr/lib');
  const home = libraries && readdirSync(libraries).find((name) => /^go-\d/.test(name));
  if (!home) {
    throw new Error('Go is not installed, and this is not Debian');
  }
  return join(libraries, home, 'bin/go');
}
