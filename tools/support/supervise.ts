import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIG_EXIT_CODE } from '../../shared/service/config';
import { follow } from './follow';
import { endOf, type Program, type ProgramOptions, startProgram } from './process';

export interface Supervised {
  readonly name: string;
  isRunning(): boolean;
  /** Rejects if the program refuses its settings: to start it again would change nothing. */
  readonly refused: Promise<never>;
  /** Ends the program by a signal, on purpose: it is started again without a word. Resolves when it has ended. */
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
/** A program that has run for this long before it ends is started again as if it were the first time. */
const SETTLED_AFTER_MS = 30_000;
/** Longer than a service takes to finish the requests it holds. */
const STOP_GRACE_MS = 45_000;

/** Keeps a program running: it is started again whenever it ends by itself. */
export function keepRunning(options: ProgramOptions, say: (text: string) => void): Supervised {
  const { name } = options;
  const stopping = new AbortController();
  let program: Program = startProgram(options);
  let onPurpose = false;
  let refuse: (reason: Error) => void = () => {};
  const refused = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  refused.catch(() => {});
  const keep = async () => {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      const startedAt = Date.now();
      await program.exited;
      if (stopping.signal.aborted) {
        return;
      }
      if (Date.now() - startedAt > SETTLED_AFTER_MS) {
        delayMs = FIRST_DELAY_MS;
      }
      const { exitCode, signalCode } = program.child;
      if (exitCode === CONFIG_EXIT_CODE) {
        return refuse(new Error(`${name} cannot work with its settings:\n${endOf(options.logFile)}`));
      }
      const how = signalCode ?? `exit code ${exitCode}`;
      if (!onPurpose) {
        say(`${name} ended by itself (${how}); it is started again in ${delayMs} ms. See ${options.logFile}`);
      }
      onPurpose = false;
      await sleep(delayMs, undefined, { signal: stopping.signal });
      program = startProgram(options);
    }
  };
  const kept = keep().catch((error: Error) => {
    if (!stopping.signal.aborted) {
      say(`${name} could not be started again: ${error.message}`);
    }
  });
  return {
    name,
    isRunning: () => program.isRunning(),
    refused,
    async restart(signal) {
      onPurpose = true;
      program.child.kill(signal);
      await program.exited;
    },
    async stop() {
      stopping.abort();
      await program.stop(STOP_GRACE_MS);
      await kept;
    },
    kill() {
      stopping.abort();
      program.kill();
    },
  };
}

/** As keepRunning, for a program of ours: what it logs as a warning or worse is shown, too. */
export function keepServing(options: ProgramOptions, say: (text: string) => void): Supervised {
  let last: string | undefined;
  const unfollow = follow(options.logFile, (line) => {
    const text = readable(line);
    // What is tried again and again is told once.
    if (text !== undefined && text !== last) {
      say(`${options.name}: ${text}`);
    }
    last = text ?? last;
  });
  const kept = keepRunning(options, say);
  return { ...kept, stop: () => kept.stop().finally(unfollow) };
}

/** What a person should see of a log line: nothing below a warning, and whatever is no log line at all. */
function readable(line: string): string | undefined {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level: string;
      msg: string;
      err?: { message?: string };
    };
    if (!['warn', 'error', 'fatal'].includes(level)) {
      return undefined;
    }
    return `${level}: ${msg}${err?.message === undefined ? '' : ` (${err.message})`}`;
  } catch {
    return line === '' ? undefined : line;
  }
}
