import type { Logger } from './log';

const EVERY_MS = 1_000;

/**
 * Returns a function that logs warnings of which there may be thousands a second. The first one of a text is logged at
 * once. Those that follow are counted, and logged together at most once a second.
 * @param text from a list known in advance
 */
export function sparseLog(log: Logger): (text: string, fields: object) => void {
  const counts = new Map<string, number>();

  function countAgain(text: string): void {
    const count = counts.get(text);
    if (count === 0) {
      counts.delete(text);
      return;
    }
    log.warn({ count }, `${text} (again, within a second)`);
    startCounting(text);
  }

  function startCounting(text: string): void {
    counts.set(text, 0);
    setTimeout(countAgain, EVERY_MS, text).unref();
  }

  return (text, fields) => {
    const count = counts.get(text);
    if (count !== undefined) {
      counts.set(text, count + 1);
      return;
    }
    log.warn(fields, text);
    startCounting(text);
  };
}
