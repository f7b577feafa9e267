import { TestEnvironment } from 'jest-environment-node';
import { dropAll } from './servers';

/** Node's environment, which drops a test file's databases and virtual hosts after the last of its own clean-up. */
export default class ChandleryEnvironment extends TestEnvironment {
  override async teardown(): Promise<void> {
    await dropAll(this.global.madeByTests);
    await super.teardown();
  }
}
