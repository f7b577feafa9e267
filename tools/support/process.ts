// Programs that a local run starts. Each leads its own process group, so that Ctrl-C in the terminal reaches only us
// and we stop the programs in order. Each is recorded in a folder, so that the next run finds and stops what a killed
// run left behind.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecords, writeRecord } from './records';

export interface ProgramOptions {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** The working directory, which is also where crash dumps are written. Ours by default. */
  cwd?: string;
  user?: { uid: number; gid: number } | undefined;
  /** Receives stdout and stderr. A file and not a pipe, so that the program never blocks because we do not read. */
  logFile: string;
  /** The folder with the records of running programs. */
  recordsDir: string;
  /** The signal for an orderly stop, SIGTERM by default. */
  stopSignal?: NodeJS.Signals;
}

/** What a program is called, and where that is recorded: all programs of a run are, in one folder. */
export type Recorded = Pick<ProgramOptions, 'name' | 'recordsDir'>;

/** Something that runs and can be stopped in order, or killed at once. */
export interface Stoppable {
  stop(): Promise<unknown>;
  kill(): void;
}

export interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  isRunning(): boolean;
  /** Asks the program to stop, and kills its whole process group when that takes longer than `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  kill(): void;
}

/** No program may outlive us, even if we exit unexpectedly. */
const running = new Set<Program>();
process.once('exit', () => {
  for (const program of running) {
    program.kill();
  }
});

/** Starts new logs. Those of the previous run are kept next to them as `.previous`. */
export function rotateLogs(logDir: string): void {
  mkdirSync(logDir, { recursive: true });
  for (const name of readdirSync(logDir).filter((file) => file.endsWith('.log'))) {
    renameSync(join(logDir, name), join(logDir, `${name}.previous`));
  }
}

/** Returns the last lines of a log, for an error message. */
export function endOf(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  } catch {
    return '(there is no log)';
  }
}

/** @throws Error when the program cannot be recorded. Then it does not run either: nobody would find it. */
export function startProgram(options: ProgramOptions): Program {
  const { name, stopSignal = 'SIGTERM' } = options;
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env,
    cwd: options.cwd,
    ...options.user,
  });
  closeSync(log);
  const record = join(options.recordsDir, `${name}.json`);
  const kill = () => {
    if (child.pid !== undefined) {
      signal(-child.pid, 'SIGKILL');
    }
  };
  const exited = new Promise<void>((resolve) => {
    const ended = () => {
      running.delete(program);
      rmSync(record, { force: true });
      resolve();
    };
    child.once('exit', ended);
    child.once('error', ended);
  });
  const program: Program = {
    name,
    child,
    exited,
    isRunning: () => running.has(program),
    kill,
    async stop(graceMs = 30_000) {
      if (!running.has(program)) {
        return;
      }
      child.kill(stopSignal);
      const timer = setTimeout(kill, graceMs);
      await exited;
      clearTimeout(timer);
      // Processes that the program has started may outlive it, for a moment or for good.
      kill();
    },
  };
  if (child.pid !== undefined) {
    running.add(program);
    try {
      writeRecord(record, { pid: child.pid, startedAt: startOf(child.pid) ?? '', stopSignal });
    } catch (error) {
      kill();
      throw error;
    }
  }
  return program;
}

/**
 * Stops the programs of an earlier run that was killed before it could stop them. Stops them one after the other, in
 * reverse order of their start, so that each still has what it needs for an orderly stop. Returns their names.
 */
export async function stopLeftovers(recordsDir: string, graceMs = 20_000): Promise<string[]> {
  const stopped = [];
  for (const { file, record } of readRecords(recordsDir)) {
    const alive = () => record !== undefined && startOf(record.pid) === record.startedAt;
    if (record !== undefined && alive()) {
      stopped.push(basename(file, '.json'));
      signal(record.pid, record.stopSignal);
      for (const end = Date.now() + graceMs; alive() && Date.now() < end; ) {
        await sleep(50);
      }
      signal(-record.pid, 'SIGKILL');
    }
    rmSync(file, { force: true });
  }
  return stopped;
}

/** Signals a process or, by its negative id, the group that it leads. */
function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name);
  } catch {
    // It has already ended, which is what we want.
  }
}

/** Returns a process's start time, which tells it from a later one with the same id; undefined when it has ended. */
export function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') {
      return undefined;
    }
  }
  try {
    // The name in brackets may contain anything. After it: the state (Z: ended), 18 more fields, and the start time.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    // Only Linux has /proc.
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout || undefined;
  }
}
