// Not a part of `npm test`: it needs a container engine, and takes as long as all tests, because they gate the images.
const base = require('../../../jest.config.js');
const { transform, transformIgnorePatterns } = base.projects[0];

/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/images/engine/*.check.ts'],
  globalSetup: '<rootDir>/test/images/engine/global-setup.ts',
  globalTeardown: '<rootDir>/test/images/engine/global-teardown.ts',
  reporters: base.reporters,
  transform,
  transformIgnorePatterns,
  testTimeout: 45 * 60_000,
};
