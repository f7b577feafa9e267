import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIG_EXIT_CODE } from '../../shared/service/config';
import { follow } from './follow-log';
import { endOf, type Program, type ProgramOptions, startProgram } from './process';

export interface Supervised {
  readonly name: string;
  isRunning(): boolean;
  /**
   * Rejects if the program exits because of its settings. Only `restart` starts it again, because a retry would not
   * help.
   */
  readonly refused: Promise<never>;
  /**
   * Ends the program with a signal, on purpose: it is started again without a message. Resolves when it has ended. If
   * it has already ended, it is started immediately.
   */
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
/** A program that ran for this long before it ended is restarted after the first delay again. */
const SETTLED_AFTER_MS = 30_000;
/** The longest delay that a timer allows: 24 days. */
const FOREVER_MS = 2 ** 31 - 1;
/** Longer than a service takes to finish its waiting requests. */
const STOP_GRACE_MS = 45_000;

/** Keeps a program running: starts it again whenever it ends unexpectedly. */
export function keepRunning(options: ProgramOptions, say: (text: string) => void): Supervised {
  const { name } = options;
  const stopping = new AbortController();
  let program: Program = startProgram(options);
  let isDeliberate = false;
  let startNow = new AbortController();
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
      if (isDeliberate || Date.now() - startedAt > SETTLED_AFTER_MS) {
        delayMs = FIRST_DELAY_MS;
      }
      const { exitCode, signalCode } = program.child;
      const isRefusal = exitCode === CONFIG_EXIT_CODE;
      if (isRefusal) {
        refuse(new Error(`${name} cannot start with its settings:\n${endOf(options.logFile)}`));
      } else if (!isDeliberate) {
        const how = signalCode ?? `exit code ${exitCode}`;
        say(`${name} ended unexpectedly (${how}); restarting it in ${delayMs} ms. See ${options.logFile}`);
      }
      isDeliberate = false;
      startNow = new AbortController();
      const signal = AbortSignal.any([stopping.signal, startNow.signal]);
      await sleep(isRefusal ? FOREVER_MS : delayMs, undefined, { signal, ref: !isRefusal }).catch(() => {});
      if (stopping.signal.aborted) {
        return;
      }
      program = startProgram(options);
    }
  };
  const kept = keep().catch((error: Error) => {
    if (!stopping.signal.aborted) {
      say(`${name} could not be restarted: ${error.message}`);
    }
  });
  return {
    name,
    isRunning: () => program.isRunning(),
    refused,
    async restart(signal) {
      startNow.abort();
      if (program.isRunning()) {
        isDeliberate = true;
        program.child.kill(signal);
        await program.exited;
      }
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

/** Like keepRunning, for one of our own programs: also shows what it logs as a warning or worse. */
export function keepServing(options: ProgramOptions, say: (text: string) => void): Supervised {
  let last: string | undefined;
  const unfollow = follow(options.logFile, (line) => {
    const text = readable(line);
    // A message that every attempt repeats is shown only once.
    if (text !== undefined && text !== last) {
      say(`${options.name}: ${text}`);
    }
    last = text ?? last;
  });
  const kept = keepRunning(options, say);
  return { ...kept, stop: () => kept.stop().finally(unfollow) };
}

/** Returns what a person should see of a line, if anything: warnings and errors, and lines that are not JSON. */
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
