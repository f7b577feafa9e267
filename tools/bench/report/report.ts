import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { type Judged, judge } from '../goals';
import type { BenchOptions } from '../options';
import type { Measured } from '../run';

/** Everything known about a run of the benchmark. */
export interface Report {
  at: string;
  machine: { processor: string; cores: number; memoryGib: number; system: string };
  versions: { node: string; postgres: string; rabbitmq: string; chandlery: string; commit: string };
  options: Omit<BenchOptions, 'only'> & { scenarios: string[] };
  /** The figures of all scenarios, each with its goal. */
  figures: Judged[];
  scenarios: Measured[];
}

const unknown = 'not known';

export function makeReport(
  { only, ...options }: BenchOptions,
  measured: Measured[],
  environment: { rabbit: string; postgres: string } | undefined,
): Report {
  return {
    at: measured[0]?.startedAt ?? new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? unknown,
      cores: availableParallelism(),
      memoryGib: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()}`,
    },
    versions: {
      node: process.versions.node,
      postgres: /PostgreSQL ([\d.]+)/.exec(environment?.postgres ?? '')?.[1] ?? unknown,
      rabbitmq: /[\d.]+/.exec(environment?.rabbit ?? '')?.[0] ?? unknown,
      chandlery: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
      commit: commit(),
    },
    options: { ...options, scenarios: only.map(({ name }) => name) },
    figures: judge(measured.flatMap(({ outcome }) => outcome?.figures ?? [])),
    scenarios: measured,
  };
}

/** Returns the commit, and whether files have changed since; an unpacked archive has no commit. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? ', changed' : ''}`;
  } catch {
    return unknown;
  }
}
