import { readStages } from '../dockerfile';
import { provideBase } from './bases';
import { docker } from './commands';
import { type Engine, openEngine } from './engine';

/** The exit status when no image can be built, so that a caller can tell this from a failure. */
const CANNOT_BUILD = 3;
const say = (text: string) => process.stderr.write(`${text}\n`);

export default async function globalSetup(): Promise<void> {
  const engine = await openEngine(say);
  const reason = typeof engine === 'string' ? engine : prepare(engine);
  if (reason !== undefined) {
    console.error(`No image was built or started, because ${reason}`);
    if (typeof engine !== 'string') {
      await engine.stop();
    }
    process.exit(CANNOT_BUILD);
  }
  globalThis.stopEngine = (engine as Engine).stop;
}

/** @returns why the engine cannot build anything; undefined when it can */
function prepare(engine: Engine): string | undefined {
  // Every command of the tests inherits this environment.
  Object.assign(process.env, engine.env, { CHANDLERY_OWN_ENGINE: engine.own ? 'yes' : '' });
  const base = readStages().get('test')?.from ?? '';
  say('Fetching the base image, or building one …');
  let image: string | undefined;
  try {
    image = provideBase(base);
    if (image === undefined) {
      return `${base} cannot be fetched: connect this machine's engine to a registry.`;
    }
  } catch (error) {
    return `${base} can neither be fetched nor built here: ${(error as Error).message}`;
  }
  process.env.CHANDLERY_NODE_IMAGE = image;
  try {
    const check = 'npm view typescript version && apt-get update';
    docker('run', '--rm', '--entrypoint', '/bin/sh', image, '-c', check);
  } catch (error) {
    return `a container cannot run here, or does not reach npm's and Debian's packages: ${(error as Error).message}`;
  }
  return undefined;
}

declare global {
  var stopEngine: () => Promise<void>;
}
