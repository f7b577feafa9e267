import { spawnSync } from 'node:child_process';
import { chmodSync, openSync, writeSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { which } from '../../support/debian-packages';

/** A clock that is not the machine's own, for a program that loads jumping-clock.c. */
export interface JumpingClock {
  /** The environment variables with which a program has this clock. */
  readonly env: NodeJS.ProcessEnv;
  /** Makes the clock of the program and of all its processes jump, so that it is this far ahead of the real time. */
  setOffset(ms: number): void;
  /** Returns when it really was, by performance.now(), when the clock showed this time. */
  toRealTime(epochMs: number): number;
}

/** From `at` to `until`, by performance.now(). */
interface Period {
  at: number;
  until: number;
  offsetMs: number;
}

/**
 * Creates a clock in the folder `home`.
 * @returns undefined where the library cannot be built, which takes Linux and a C compiler
 */
export function createClock(home: string): JumpingClock | undefined {
  const library = join(home, 'jumping-clock.so');
  if (!isBuilt(library)) {
    return undefined;
  }
  const file = join(home, 'clock-offset');
  const descriptor = openSync(file, 'w', 0o644);
  const periods: Period[] = [];
  const write = (ms: number) => {
    const seconds = new BigInt64Array([BigInt(Math.round(ms / 1_000))]);
    writeSync(descriptor, seconds, 0, seconds.byteLength, 0);
  };
  write(0);
  return {
    env: { LD_PRELOAD: library, CLOCK_OFFSET_FILE: file },
    setOffset(ms) {
      const now = performance.now();
      const last = periods.at(-1);
      if (last) {
        last.until = Math.min(last.until, now);
      }
      write(ms);
      if (ms !== 0) {
        periods.push({ at: now, until: Number.POSITIVE_INFINITY, offsetMs: ms });
      }
    },
    toRealTime: (epochMs) => realTime(epochMs - performance.timeOrigin, periods, performance.now()),
  };
}

function isBuilt(library: string): boolean {
  const compiler = which('cc');
  if (platform() !== 'linux' || compiler === undefined) {
    return false;
  }
  const source = join(root, 'tools/chaos/rig/jumping-clock.c');
  const { status } = spawnSync(compiler, ['-shared', '-fPIC', '-O2', '-o', library, source]);
  if (status === 0) {
    // PostgreSQL's user must be able to read it.
    chmodSync(library, 0o755);
  }
  return status === 0;
}

/** In a run of less than an hour only one reading is possible. In a longer one, the likelier one is that it had not jumped. */
export function realTime(shown: number, periods: readonly Period[], now: number): number {
  const during = (time: number, { at, until }: Period) => time >= at && time <= until;
  const hasJumped = periods.some((period) => during(shown, period)) || shown < 0 || shown > now;
  const period = periods.find((jump) => during(shown - jump.offsetMs, jump));
  return hasJumped && period ? shown - period.offsetMs : shown;
}
