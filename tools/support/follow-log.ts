import { closeSync, openSync, readSync } from 'node:fs';

const POLL_EVERY_MS = 250;

/**
 * Calls `onLine` for each line that is added to a file. Creates the file if missing. Returns a function that stops it.
 */
export function follow(file: string, onLine: (line: string) => void): () => void {
  closeSync(openSync(file, 'a'));
  const descriptor = openSync(file, 'r');
  const chunk = Buffer.alloc(64 * 1024);
  let unfinished = '';
  const poll = () => {
    for (;;) {
      const length = readSync(descriptor, chunk);
      if (length === 0) {
        return;
      }
      const lines = (unfinished + chunk.toString('utf8', 0, length)).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) {
        onLine(line);
      }
    }
  };
  const timer = setInterval(poll, POLL_EVERY_MS);
  return () => {
    clearInterval(timer);
    poll();
    closeSync(descriptor);
  };
}
