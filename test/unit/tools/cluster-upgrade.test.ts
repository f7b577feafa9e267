import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../../cluster/options';
import { archives } from '../../cluster/own/images/archives';
import { releasesIn } from '../../cluster/upgrade/releases';
import { runShell } from '../../cluster/upgrade/script';
import { rollbackCommands, withoutTag } from '../../cluster/upgrade/upgrade';

/** The parts of the trial of an upgrade that can be tested without a cluster. */

test('finds the released versions and their commits, and not the one that is being worked on', () => {
  const commit = 'bee441747eb8';
  const text = `# Changelog\n\n## 0.3.0 (not released yet)\n\n## 0.2.0 (2026-11-28, commit ${commit})\n`;
  expect(releasesIn(text)).toEqual([{ version: '0.2.0', commit }]);
});

test('upgrades from a released version, on a cluster of our own as well, and from no other', () => {
  expect(readOptions(['--own', '--from', '0.1.0'], undefined).from).toBe('0.1.0');
  expect(readOptions(['--own'], undefined).from).toBeUndefined();
  expect(() => readOptions(['--own', '--from', '0.0.1'], undefined)).toThrow('no release "0.0.1"');
  expect(() => readOptions(['--context', 'kind', '--from', '0.1.0', '--deployed'], undefined)).toThrow(
    'leave out --deployed',
  );
});

test("a node has an earlier release's images only when they are asked for", () => {
  const always = archives();
  expect(archives('0.1.0')).toEqual([...always, expect.stringMatching(/ours-0\.1\.0\.tar$/)]);
  expect(always).not.toContainEqual(expect.stringContaining('0.1.0'));
});

test('the earlier version gets every option of the script but the tag of today', () => {
  expect(withoutTag(['--images', 'a', '--tag', '2', '--without-charts'])).toEqual([
    '--images',
    'a',
    '--without-charts',
  ]);
  expect(withoutTag(['--without-charts'])).toEqual(['--without-charts']);
});

test('rolls back with the commands that operators read', () => {
  const commands = rollbackCommands();
  expect(commands).toMatch(/kubectl rollout undo/);
  expect(() => rollbackCommands('## Upgrades\n')).toThrow('no commands under "Rolling back"');
});

test('commands of the documentation use the context of the test, and end what they start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-upgrade-'));
  try {
    const left = join(folder, 'left');
    // In a subshell that outlives the script, as the port-forward of 0.1.0 does.
    await runShell(`[ "$CONTEXT" = kind ] && (sleep 2 && touch ${left}) &`, 'kind');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(existsSync(left)).toBe(false);
    await expect(runShell('false', 'kind')).rejects.toThrow('exit status 1');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
