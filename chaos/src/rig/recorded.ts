import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../../../local/process';

/** Sends a signal to a program that its keeper has started, and resolves when that process has gone. */
export async function signalRecorded(home: string, name: string, signal: NodeJS.Signals): Promise<void> {
  const { pid, startedAt } = JSON.parse(readFileSync(join(home, 'running', `${name}.json`), 'utf8'));
  process.kill(pid, signal);
  while (startOf(pid) === startedAt) await sleep(20);
}
