import { openEngine } from './engine';

/** What the process exits with where there is no engine, so that a caller can tell this from a failure. */
const NO_ENGINE = 3;

export default async function globalSetup(): Promise<void> {
  const engine = await openEngine((text) => process.stderr.write(`${text}\n`));
  if (typeof engine === 'string') {
    console.error(`No image was built or started, because ${engine}`);
    process.exit(NO_ENGINE);
  }
  globalThis.stopEngine = engine.stop;
  // Which every command of the tests is given, too.
  Object.assign(process.env, engine.env, { CHANDLERY_OWN_ENGINE: engine.own ? 'yes' : '' });
}

declare global {
  var stopEngine: () => Promise<void>;
}
