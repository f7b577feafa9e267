import fs, { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startOf } from '../../../tools/support/process';
import { lockHolder, takeLock } from '../../../tools/support/run-lock';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'chandlery-lock-'));
  file = join(home, 'start.lock');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(home, { recursive: true });
});

const ofKilled = JSON.stringify({ pid: process.pid, startedAt: 'long ago' });
/** The process that runs the tests has started this one, and outlives it. */
const ofOther = JSON.stringify({ pid: process.ppid, startedAt: startOf(process.ppid) });

/** Another process does something just after we have read a file for the first time. */
function afterReading(name: string, does: () => void): void {
  const { readFileSync } = fs;
  let isFirst = true;
  jest.spyOn(fs, 'readFileSync').mockImplementation(((path: string, ...rest: [BufferEncoding]) => {
    const read = readFileSync(path, ...rest);
    if (path === name && isFirst) {
      isFirst = false;
      does();
    }
    return read;
  }) as typeof readFileSync);
}

test.each(['', ofKilled])('takes the lock that a killed process has left (%j), and releases it', (left) => {
  writeFileSync(file, left);
  const release = takeLock(home);
  expect([lockHolder(home), readdirSync(home)]).toEqual([process.pid, ['start.lock']]);
  release();
  expect([lockHolder(home), readdirSync(home)]).toEqual([undefined, []]);
});

test('names the process that has the lock', () => {
  writeFileSync(file, ofOther);
  expect(() => takeLock(home)).toThrow(`process ${process.ppid}`);
  expect(readdirSync(home)).toEqual(['start.lock']);
});

test('of two that find the lock of a killed process, only one gets it', () => {
  writeFileSync(file, ofKilled);
  afterReading(file, () => writeFileSync(file, ofOther));
  expect(() => takeLock(home)).toThrow(`process ${process.ppid}`);
  jest.restoreAllMocks();
  expect([lockHolder(home), readdirSync(home)]).toEqual([process.ppid, ['start.lock']]);
});

test('gets the lock when its holder releases it meanwhile', () => {
  writeFileSync(file, ofKilled);
  afterReading(file, () => rmSync(file));
  takeLock(home);
  expect([lockHolder(home), readdirSync(home)]).toEqual([process.pid, ['start.lock']]);
});

test('has its whole content from the first moment on', () => {
  const write = jest.spyOn(fs, 'writeFileSync');
  takeLock(home);
  expect(write.mock.calls.map(([path]) => path)).not.toContain(file);
});

test('leaves the lock of another process alone when it releases its own too late', () => {
  const release = takeLock(home);
  rmSync(file);
  writeFileSync(file, ofOther);
  release();
  expect(lockHolder(home)).toBe(process.ppid);
});
