import { readStages } from '../dockerfile';
import { provide } from './bases';
import { docker } from './commands';
import { type Engine, openEngine } from './engine';

/** What the process exits with where no image can be built, so that a caller can tell this from a failure. */
const CANNOT = 3;
const say = (text: string) => process.stderr.write(`${text}\n`);

export default async function globalSetup(): Promise<void> {
  const engine = await openEngine(say);
  const reason = typeof engine === 'string' ? engine : prepare(engine);
  if (reason !== undefined) {
    console.error(`No image was built or started, because ${reason}`);
    if (typeof engine !== 'string') {
      await engine.stop();
    }
    process.exit(CANNOT);
  }
  globalThis.stopEngine = (engine as Engine).stop;
}

/** @returns why nothing can be built with it, if so */
function prepare(engine: Engine): string | undefined {
  // Which every command of the tests is given, too.
  Object.assign(process.env, engine.env, { CHANDLERY_OWN_ENGINE: engine.own ? 'yes' : '' });
  const base = readStages().get('test')?.from ?? '';
  say('Fetching the base image, or making one …');
  try {
    if (!provide(base)) {
      return `${base} cannot be fetched: connect this machine's engine to a registry.`;
    }
  } catch (error) {
    return `${base} can neither be fetched nor made here: ${(error as Error).message}`;
  }
  try {
    const look = 'npm view typescript version && apt-get update';
    docker('run', '--rm', '--entrypoint', '/bin/sh', base, '-c', look);
  } catch (error) {
    return `a container cannot run here, or does not reach npm's and Debian's packages: ${(error as Error).message}`;
  }
  return undefined;
}

declare global {
  var stopEngine: () => Promise<void>;
}
