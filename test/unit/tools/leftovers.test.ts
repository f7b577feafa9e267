import childProcess, { type ChildProcess, spawn } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startOf, startProgram, stopLeftovers } from '../../../tools/support/process';
import { until } from '../../support/until';

/** What a run leaves behind when it is killed, or when it cannot write down what it has started. */

let home: string;
let recordsDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'chandlery-leftovers-'));
  recordsDir = join(home, 'running');
  mkdirSync(recordsDir);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(home, { recursive: true });
});

test('stops the other programs when a record is empty or torn, and does not meet that record again', async () => {
  const { pid = 0 } = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const file = join(recordsDir, 'left.json');
  writeFileSync(file, JSON.stringify({ pid, startedAt: startOf(pid), stopSignal: 'SIGTERM' }));
  utimesSync(file, 1, 1);
  writeFileSync(join(recordsDir, 'empty.json'), '');
  writeFileSync(join(recordsDir, 'torn.json'), '{"pid": 1');
  try {
    expect(await stopLeftovers(recordsDir)).toEqual(['left']);
    expect([startOf(pid), readdirSync(recordsDir)]).toEqual([undefined, []]);
  } finally {
    spawn('kill', ['-9', String(pid)], { stdio: 'ignore' });
  }
});

test('a program that cannot be recorded does not stay, nor does half a record', async () => {
  const spawned = jest.spyOn(childProcess, 'spawn');
  // A full disk: the file is created, and nothing can be written to it.
  jest.spyOn(fs, 'writeFileSync').mockImplementation((file) => {
    fs.closeSync(fs.openSync(file as string, 'w'));
    throw new Error('ENOSPC');
  });
  const start = () =>
    startProgram({
      ...{ name: 'program', command: 'sleep', args: ['60'] },
      ...{ logFile: join(home, 'log'), recordsDir },
    });
  expect(start).toThrow('ENOSPC');
  const child = spawned.mock.results[0]?.value as ChildProcess;
  try {
    await until(() => child.signalCode !== null);
    expect(readdirSync(recordsDir)).toEqual([]);
  } finally {
    child.kill('SIGKILL');
  }
}, 5_000);
