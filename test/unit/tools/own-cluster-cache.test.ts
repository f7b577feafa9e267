import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../../../tools/support/process';
import { lockHolder } from '../../../tools/support/run-lock';
import { lockOnceFree } from '../../cluster/own/build';
import { aboutStandIns } from '../../cluster/own/welcome';

/** The cache that clones share. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chandlery-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('archives in the cache', () => {
  const taken = () => join(folder, 'clone');
  const content = (name: string) => readFileSync(join(taken(), `${name}.tar`), 'utf8');
  let cache: typeof import('../../cluster/own/images/cache');

  beforeEach(() => {
    jest.resetModules();
    process.env.XDG_CACHE_HOME = join(folder, 'cache');
    cache = jest.requireActual('../../cluster/own/images/cache');
    delete process.env.XDG_CACHE_HOME;
  });
  const put = async (name: string, digest: string, standIns: string[] = []) => {
    await cache.putIntoCache({ name, digest }, standIns, async (file) => writeFileSync(file, digest));
    // Times of files are coarse.
    await sleep(20);
  };

  test('are found by what they are made of, and a cluster keeps its own whatever other clones build', async () => {
    expect(cache.takeFromCache([{ name: 'ours', digest: 'a' }], taken())).toBe(false);
    await put('ours', 'a', ['postgres:18']);
    await put('ours-0.1.0', 'old');
    const archives = [
      { name: 'ours', digest: 'a' },
      { name: 'ours-0.1.0', digest: 'old' },
    ];
    expect(cache.takeFromCache(archives, taken())).toBe(true);
    await sleep(20);
    await put('ours', 'b');
    await put('ours', 'c');
    expect([cache.isCached({ name: 'ours', digest: 'a' }), content('ours')]).toEqual([false, 'a']);
    expect(cache.standIns(taken())).toEqual(['postgres:18']);
    expect(content('ours-0.1.0')).toBe('old');
    expect(cache.isCached({ name: 'ours-0.1.0', digest: 'old' })).toBe(true);
  });

  test('are not there until they are whole, and what a killed build has left goes with the next', async () => {
    const broken = cache.putIntoCache({ name: 'ours', digest: 'a' }, [], async (file) => {
      writeFileSync(file, 'half');
      throw new Error('killed');
    });
    await expect(broken).rejects.toThrow('killed');
    expect(cache.isCached({ name: 'ours', digest: 'a' })).toBe(false);
    await put('ours', 'b');
    const names = readdirSync(join(folder, 'cache/chandlery', `cluster-images-${process.arch}`));
    expect(names.filter((name) => name.endsWith('unfinished'))).toEqual([]);
  });
});

test('a clone waits for another one that builds, says so, and can be interrupted', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  const { pid = 0 } = other;
  writeFileSync(join(folder, 'start.lock'), JSON.stringify({ pid, startedAt: startOf(pid) }));
  const said: string[] = [];
  const ending = new AbortController();
  const interrupted = lockOnceFree(folder, { say: () => {}, signal: ending.signal });
  ending.abort(new Error('Ctrl-C'));
  await expect(interrupted).rejects.toThrow('Ctrl-C');
  const locked = lockOnceFree(folder, {
    say: (text) => said.push(text),
    signal: new AbortController().signal,
  });
  setTimeout(() => other.kill('SIGKILL'), 1_200);
  const release = await locked;
  expect(said).toEqual([expect.stringContaining(`process ${pid}`)]);
  expect(lockHolder(folder)).toBe(process.pid);
  release();
  expect(lockHolder(folder)).toBeUndefined();
});

test('whoever looks at a cluster is told which images are not the real ones', () => {
  expect(aboutStandIns(['rabbitmq:4.2'])).toContain('rabbitmq:4.2');
  expect(aboutStandIns([])).toContain('real');
});
