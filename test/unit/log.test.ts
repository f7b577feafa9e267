import { execFileSync } from 'node:child_process';
import { root } from '../../shared/root';

/** Whether all that a service is made of has loaded pino-pretty, once it has opened its log. */
function loadsPretty(format: 'json' | 'pretty'): boolean {
  const script = `
    require('./dist/shared/service/service.js');
    require('./dist/shared/observe/log.js').createLogger({ service: 'order', level: 'silent', format: '${format}' });
    console.log(Object.keys(require.cache).some((file) => file.includes('/node_modules/pino-pretty/')));`;
  return execFileSync(process.execPath, ['--eval', script], { cwd: root, encoding: 'utf8' }) === 'true\n';
}

test('a service that writes JSON does not load the package that makes lines readable', () => {
  expect(loadsPretty('json')).toBe(false);
  expect(loadsPretty('pretty')).toBe(true);
});
