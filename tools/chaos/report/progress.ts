import { clearLine, cursorTo } from 'node:readline';
import { classify } from '../../audit/history/history';
import type { Progress } from '../run';
import { isCheckout, isFinal } from '../verdict/recovery';

/** Without a terminal, a line now and then instead of one that changes. */
const LINE_EVERY_MS = 15_000;

export function createProgress(seconds: number): Progress {
  const isTerminal = process.stdout.isTTY === true;
  const counts = { looked: 0, paid: 0, refused: 0, unknown: 0 };
  let lineAt = 0;
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
    show({ elapsedMs, client, strikes }) {
      // The newest are likely to be without an answer yet, and are looked at the next time.
      const settled = Math.max(counts.looked, client.history.length - 500);
      for (const exchange of client.history.slice(counts.looked, settled).filter(isCheckout)) {
        if (exchange.status === 200) {
          counts.paid++;
        } else if (isFinal(exchange)) {
          counts.refused++;
        } else if (classify(exchange) === 'unknown' && exchange.status !== 202) {
          counts.unknown++;
        }
      }
      counts.looked = settled;
      const struck = strikes.filter(({ at }) => at !== undefined);
      const last = struck.findLast(({ endedAt }) => endedAt === undefined) ?? struck.at(-1);
      const text =
        `${Math.round(elapsedMs / 1000)} of ${seconds} s: ${counts.paid} paid, ${counts.refused} refused, ` +
        `${counts.unknown} unknown; ${struck.length} faults, now: ${last?.name ?? 'none'}`;
      if (isTerminal) {
        clear();
        process.stdout.write(text.slice(0, process.stdout.columns - 1));
      } else if (elapsedMs - lineAt >= LINE_EVERY_MS) {
        lineAt = elapsedMs;
        console.log(text);
      }
    },
  };
}
