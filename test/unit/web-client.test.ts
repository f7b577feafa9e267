import { spawnSync } from 'node:child_process';
import { root } from '../../shared/root';

test("the pages' client knows the API as the services describe it", () => {
  const { status, stderr } = spawnSync(process.execPath, ['web/client/generate.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});
