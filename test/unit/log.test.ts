import { execFileSync } from 'node:child_process';
import { root } from '../../shared/root';

/** Returns whether pino-pretty is loaded once a service's modules are loaded and its log is open. */
function loadsPretty(format: 'json' | 'pretty'): boolean {
  const script = `
    require('./dist/shared/service/run-participant.js');
    require('./dist/shared/observe/log.js').createLogger({ service: 'order', level: 'silent', format: '${format}' });
    console.log(Object.keys(require.cache).some((file) => file.includes('/node_modules/pino-pretty/')));`;
  return execFileSync(process.execPath, ['--eval', script], { cwd: root, encoding: 'utf8' }) === 'true\n';
}

test('loads the package for readable lines only when a service does not write JSON', () => {
  expect(loadsPretty('json')).toBe(false);
  expect(loadsPretty('pretty')).toBe(true);
});
