import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createClock } from '../../../tools/chaos/rig/clock';
import { which } from '../../../tools/support/debian-packages';

const HOUR_MS = 3_600_000;

test('the clock of a program jumps ahead, back and to the real time, unless there is no compiler for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-clock-'));
  const clock = createClock(folder);
  if (clock === undefined) {
    expect(process.platform === 'linux' && which('cc') !== undefined).toBe(false);
  } else {
    for (const offset of [0, HOUR_MS, -HOUR_MS, 0]) {
      clock.setOffset(offset);
      const shown =
        Number(execFileSync('date', ['+%s'], { env: { PATH: process.env.PATH, ...clock.env } })) * 1_000;
      const isRight = Math.abs(shown - Date.now() - offset) < 60_000;
      expect({ offset, isRight }).toEqual({ offset, isRight: true });
    }
  }
  rmSync(folder, { recursive: true });
});
