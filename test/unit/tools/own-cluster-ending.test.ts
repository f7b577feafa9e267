import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { nodeSettings } from '../../cluster/own/node-settings';
import { nodeOf } from '../../cluster/own/places';

/** How a cluster of our own ends, and what of it may be left. */

test('a node ends, and says why, when one of its programs has ended before the others were started', () => {
  const script = readFileSync(join(root, 'test/cluster/own/node.sh'), 'utf8');
  const [keep] = /^trap .*\n(?:.*\n)*?}$/m.exec(script) ?? [];
  const LOGS = mkdtempSync(join(tmpdir(), 'chandlery-node-'));
  const programs = 'fails() { echo "bad option"; return 3; }; lasts() { exec sleep 15; }';
  const started = 'keep fails; sleep 0.5; keep lasts; wait';
  try {
    const options = { env: { ...process.env, LOGS }, encoding: 'utf8' } as const;
    const began = Date.now();
    const end = "trap 'kill $(jobs -p) 2>/dev/null' EXIT";
    const { status, stdout } = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', [end, programs, keep, started].join('\n')],
      options,
    );
    expect(stdout).toContain('fails has ended');
    expect(stdout).toContain('bad option');
    expect(status).not.toBe(0);
    expect(Date.now() - began).toBeLessThan(10_000);
  } finally {
    rmSync(LOGS, { recursive: true });
  }
});

test('the containerd of a node leaves no AppArmor profile in the kernel of the machine', () => {
  expect(nodeSettings(nodeOf(1))['containerd.toml']).toContain('disable_apparmor = true\n');
});
