import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../../shared/root';

/** The shell function with which operators run commands in the cluster, as the runbooks show it. kubectl is a script. */

const KUBECTL = `#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
case $* in
  create\\ job*) echo '{}' ;;
  patch*) cat ;;
  create*) cat >/dev/null; echo created ;;
  # The container has not started at first, and its status is late.
  logs*) [ "$(grep -c ^logs "$CALLS")" -gt 1 ] && echo 'what the command says' ;;
  get\\ pods*) [ "$(grep -c '^get pods' "$CALLS")" -gt 1 ] && printf %s "$STATUS"; true ;;
  get\\ job*) [ "$(grep -c '^get job' "$CALLS")" -gt 2 ] && printf %s "$CONDITION"; true ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chandlery-operate-'));
  writeFileSync(join(folder, 'kubectl'), KUBECTL, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

function shellFunction(): string {
  const text = readFileSync(join(root, 'docs/runbooks/README.md'), 'utf8');
  return [...text.matchAll(/^operate\w*\(\) \{[\s\S]*?^\}$/gm)].map(([definition]) => definition).join('\n');
}

function operate(more: NodeJS.ProcessEnv, ...args: string[]) {
  const script = `${shellFunction()}\noperate "$@"\n`;
  const calls = join(folder, 'calls');
  const env = { PATH: `${folder}${delimiter}${process.env.PATH}`, CALLS: calls, ...more };
  return {
    calls,
    ...spawnSync('sh', ['-c', script, 'sh', ...args], { env, encoding: 'utf8', timeout: 30_000 }),
  };
}

test.each([
  ['0', ['dist/tools/operate/sagas-command.js', 'list', '--older-than', '30s']],
  ['3', ['redrive', '--reason', 'it said "no", "never" and \\ \'\'', '--actor', 'é $HOME `id` %s', '', '*']],
])('shows what the command says, ends with its exit status %s, and passes %j on', (status, args) => {
  const { calls, ...ran } = operate({ STATUS: status }, ...args);
  expect([ran.status, ran.stderr]).toEqual([Number(status), '']);
  expect(ran.stdout).toContain('what the command says');
  const patch = execFileSync('grep', ['^patch', calls], { encoding: 'utf8' });
  expect(JSON.parse(/ --patch (.*)$/m.exec(patch)?.[1] ?? '')).toMatchObject([
    { op: 'replace', value: args },
  ]);
});

test('ends when the Job has failed and has no pod any more', () => {
  expect(operate({ CONDITION: 'Failed' }).status).toBe(1);
});
