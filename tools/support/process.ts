// Programs that a local run starts. Each is the leader of its own process group, so that Ctrl-C in the terminal
// reaches only us, and our orderly stop is what ends them. Each is written down in a folder, so that whatever a
// killed run left behind is found and stopped by the next one.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramOptions {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Where it leaves what it writes when it crashes; ours unless given. */
  cwd?: string;
  user?: { uid: number; gid: number } | undefined;
  /** Where stdout and stderr go. A file, and no pipe to us, so that they never depend on us being there to read. */
  logFile: string;
  /** The folder that says what is running. */
  recordsDir: string;
  /** What asks the program to stop in good order. */
  stopSignal?: NodeJS.Signals;
}

/** What runs, and is to be stopped in good order, or at once. */
export interface Stoppable {
  stop(): Promise<unknown>;
  kill(): void;
}

export interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  isRunning(): boolean;
  /** Asks the program to stop, and kills its whole group when that takes longer than the grace allows. */
  stop(graceMs?: number): Promise<void>;
  kill(): void;
}

/** Nothing may outlive us, even when we end in a way that nobody foresaw. */
const running = new Set<Program>();
process.once('exit', () => {
  for (const program of running) {
    program.kill();
  }
});

interface RunningRecord {
  pid: number;
  startedAt: string;
  stopSignal: NodeJS.Signals;
}

/** Begins new logs; those of the run before are kept beside them as `.previous`. */
export function rotateLogs(logDir: string): void {
  mkdirSync(logDir, { recursive: true });
  for (const name of readdirSync(logDir).filter((file) => file.endsWith('.log'))) {
    renameSync(join(logDir, name), join(logDir, `${name}.previous`));
  }
}

/** The last lines of a log, for a message about what went wrong. */
export function endOf(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  } catch {
    return '(there is none)';
  }
}

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
  mkdirSync(options.recordsDir, { recursive: true });
  if (child.pid !== undefined) {
    const facts: RunningRecord = { pid: child.pid, startedAt: startOf(child.pid) ?? '', stopSignal };
    writeFileSync(record, JSON.stringify(facts));
  }
  const kill = () => signalGroup(child.pid, 'SIGKILL');
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
      // Helpers that the program has started itself may outlive it by a moment, or for good.
      kill();
    },
  };
  if (child.pid !== undefined) {
    running.add(program);
  }
  return program;
}

/**
 * Stops what an earlier run recorded and could not stop, because it was killed itself: one after another, the last
 * started first, so that nothing loses what it needs to stop in order. Answers their names.
 */
export async function stopLeftovers(recordsDir: string, graceMs = 20_000): Promise<string[]> {
  const stopped = [];
  for (const file of readRecords(recordsDir)) {
    const { pid, startedAt, stopSignal } = JSON.parse(readFileSync(file, 'utf8')) as RunningRecord;
    const alive = () => startOf(pid) === startedAt;
    if (alive()) {
      stopped.push(basename(file, '.json'));
      process.kill(pid, stopSignal);
      for (const end = Date.now() + graceMs; alive() && Date.now() < end; ) {
        await sleep(50);
      }
      signalGroup(pid, 'SIGKILL');
    }
    rmSync(file, { force: true });
  }
  return stopped;
}

function readRecords(recordsDir: string): string[] {
  mkdirSync(recordsDir, { recursive: true });
  const files = readdirSync(recordsDir).map((name) => join(recordsDir, name));
  return files.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid, signal);
    }
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/** When a process was started, which tells it from a later one with the same id; undefined when it is gone. */
export function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') {
      return undefined;
    }
  }
  try {
    // The name in brackets may hold anything; after it come the state (Z is a process that has ended) and 18 more fields.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    // Only Linux has /proc.
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout || undefined;
  }
}
