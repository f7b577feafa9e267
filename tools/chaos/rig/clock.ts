import { chmodSync, copyFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unpackedPackages } from '../../support/debian-packages';

/** A clock that is not the machine's own, for a program that loads libfaketime. */
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

const LIBRARY = 'libfaketime.so.1';

/**
 * Creates a clock in the folder `home`. Timers are not affected, just as when a real clock is set.
 * @returns undefined where libfaketime cannot be had: it comes from the distribution's packages
 */
export async function openClock(
  home: string,
  say: (text: string) => void,
): Promise<JumpingClock | undefined> {
  const found = await findLibrary(say);
  if (found === undefined) {
    return undefined;
  }
  // PostgreSQL's user may not be able to read our cache.
  const library = join(home, LIBRARY);
  copyFileSync(found, library);
  chmodSync(library, 0o644);
  const file = join(home, 'clock');
  const periods: Period[] = [];
  const write = (ms: number) => {
    // Moved into place, because every process reads the file whenever it asks for the time.
    writeFileSync(`${file}.new`, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1_000}\n`);
    chmodSync(`${file}.new`, 0o644);
    renameSync(`${file}.new`, file);
  };
  write(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
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

/** In a run of less than an hour only one reading is possible. In a longer one, the likelier one is that it had not jumped. */
export function realTime(shown: number, periods: readonly Period[], now: number): number {
  const during = (time: number, { at, until }: Period) => time >= at && time <= until;
  const hasJumped = periods.some((period) => during(shown, period)) || shown < 0 || shown > now;
  const period = periods.find((jump) => during(shown - jump.offsetMs, jump));
  return hasJumped && period ? shown - period.offsetMs : shown;
}

async function findLibrary(say: (text: string) => void): Promise<string | undefined> {
  const unpacked = await unpackedPackages(
    { name: 'libfaketime', packages: ['libfaketime'], megabytes: 1 },
    say,
  ).catch((error: Error) => {
    say(`libfaketime could not be downloaded, so the clock of PostgreSQL will not jump: ${error.message}`);
    return undefined;
  });
  return unpacked?.env.LD_LIBRARY_PATH.split(delimiter)
    .map((folder) => join(folder, 'faketime', LIBRARY))
    .find((path) => existsSync(path));
}
