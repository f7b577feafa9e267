import { TestEnvironment } from 'jest-environment-node';
import { dropAll } from './cluster';

/** Node, and an end to a test file's databases and virtual hosts, after the last of its own clean-up has run. */
export default class ChandleryEnvironment extends TestEnvironment {
  override async teardown(): Promise<void> {
    await dropAll(this.global.madeByTests);
    await super.teardown();
  }
}
