import { clearLine, cursorTo } from 'node:readline';
import { classify } from '../../audit/history/history';
import type { Progress } from '../run';
import { isCheckout, isFinal } from '../verdict/recovery';

/** Without a terminal, a new line is printed this often. On a terminal, one line is updated in place. */
const LINE_EVERY_MS = 15_000;

export function createProgress(seconds: number): Progress {
  const isTerminal = process.stdout.isTTY === true;
  const counts = { read: 0, paid: 0, refused: 0, unknown: 0 };
  let lastLineMs = 0;
  const clear = () => {
    if (!isTerminal) {
      return;
    }
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
  };
  return {
    say(text) {
      clear();
      console.log(text);
    },
    show({ elapsedMs, client, injections }) {
      // The newest requests are probably not answered yet. They are counted the next time.
      const end = Math.max(counts.read, client.history.length - 500);
      for (const exchange of client.history.slice(counts.read, end).filter(isCheckout)) {
        if (exchange.status === 200) {
          counts.paid++;
        } else if (isFinal(exchange)) {
          counts.refused++;
        } else if (classify(exchange) === 'unknown' && exchange.status !== 202) {
          counts.unknown++;
        }
      }
      counts.read = end;
      const injected = injections.filter(({ at }) => at !== undefined);
      const current = injected.findLast(({ endedAt }) => endedAt === undefined) ?? injected.at(-1);
      const text =
        `${Math.round(elapsedMs / 1000)} of ${seconds} s: ${counts.paid} paid, ${counts.refused} refused, ` +
        `${counts.unknown} unknown; ${injected.length} faults, latest: ${current?.name ?? 'none'}`;
      if (isTerminal) {
        clear();
        process.stdout.write(text.slice(0, process.stdout.columns - 1));
      } else if (elapsedMs - lastLineMs >= LINE_EVERY_MS) {
        lastLineMs = elapsedMs;
        console.log(text);
      }
    },
  };
}
