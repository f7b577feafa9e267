// The records of running programs: by them, the next run finds what a killed run has left behind.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface RunningRecord {
  pid: number;
  startedAt: string;
  stopSignal: NodeJS.Signals;
}

/** Writes all of a record or nothing: the disk may be full, and we may be killed at any moment. */
export function writeRecord(file: string, record: RunningRecord): void {
  const unfinished = `${file}.new`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(unfinished, JSON.stringify(record));
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Returns the records of a folder, the last written first. What is no whole record is undefined: it names no program. */
export function readRecords(folder: string): { file: string; record: RunningRecord | undefined }[] {
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(folder).map((name) => join(folder, name));
  files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return files.map((file) => ({ file, record: read(file) }));
}

function read(file: string): RunningRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
