import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';

const isTerminal = process.stdout.isTTY === true;
// hasColors() respects NO_COLOR and terminals without colors.
const hasColors = isTerminal && process.stdout.hasColors();

type Style = Parameters<typeof styleText>[0];
const styled = (style: Style, text: string) => (hasColors ? styleText(style, text) : text);

export const bold = (text: string) => styled('bold', text);
export const dim = (text: string) => styled('dim', text);
export const mark = (isGood: boolean) => (isGood ? styled('green', '✓') : styled('red', '✗'));
export const number = (value: number) => Math.round(value).toLocaleString('en');

/** Prints a claim, whether it holds, and the problems that contradict it. Returns the problems. */
export function check(claim: string, problems: string[]): string[] {
  console.log(`  ${mark(problems.length === 0)} ${claim}`);
  for (const problem of problems) {
    console.log(`      ${problem}`);
  }
  return problems;
}

/** Returns a line for each row. All columns but the first are aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `  ${row.map(pad).join('   ')}`.trimEnd()).join('\n');
}

/** Waits for all promises and shows how many are done: in place in a terminal, otherwise as a line now and then. */
export async function withProgress<T>(label: string, promises: readonly Promise<T>[]): Promise<T[]> {
  let done = 0;
  const show = () => {
    const text = `  ${label.padEnd(24)} ${bar(done / promises.length)} ${number(done)} of ${number(promises.length)}`;
    if (!isTerminal) {
      console.log(text);
      return;
    }
    cursorTo(process.stdout, 0);
    process.stdout.write(text);
    clearLine(process.stdout, 1);
  };
  const timer = setInterval(show, isTerminal ? 80 : 1_000);
  try {
    return await Promise.all(
      promises.map(async (promise) => {
        const value = await promise;
        done++;
        return value;
      }),
    );
  } finally {
    clearInterval(timer);
    show();
    if (isTerminal) {
      process.stdout.write('\n');
    }
  }
}

function bar(share: number): string {
  const width = 30;
  const filled = Math.floor(share * width);
  return '█'.repeat(filled) + dim('░'.repeat(width - filled));
}
