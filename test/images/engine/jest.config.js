// Not a part of `npm test`: it takes a container engine, and as long as all tests do, because they gate the images.
const base = require('../../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/images/engine/*.check.ts'],
  globalSetup: '<rootDir>/test/images/engine/global-setup.ts',
  globalTeardown: '<rootDir>/test/images/engine/global-teardown.ts',
  reporters: base.reporters,
  transform: base.transform,
  testTimeout: 45 * 60_000,
};
