/** What the tests of both projects are run with. */
const common = {
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
    // These ship ES modules only. Node.js can load them with `require`, and Jest cannot.
    '/node_modules/(?:uuid|jose)/.+\\.js$': ['@swc/jest', { jsc: { target: 'es2022' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!(?:uuid|jose)/)'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    { ...common, displayName: 'unit', roots: ['<rootDir>/test/unit'], testEnvironment: 'node' },
    {
      ...common,
      displayName: 'servers',
      roots: ['<rootDir>/test'],
      testPathIgnorePatterns: ['<rootDir>/test/unit/'],
      testEnvironment: '<rootDir>/test/support/environment.ts',
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
  reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
  maxWorkers: 2,
  // For what hangs. How fast something is, the benchmark says: a busy machine takes several times as long.
  testTimeout: 180_000,
};
