import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';

const isTerminal = process.stdout.isTTY === true;
// hasColors() heeds NO_COLOR and terminals that have none.
const hasColors = isTerminal && process.stdout.hasColors();

type Style = Parameters<typeof styleText>[0];
const styled = (style: Style, text: string) => (hasColors ? styleText(style, text) : text);

export const bold = (text: string) => styled('bold', text);
export const dim = (text: string) => styled('dim', text);
export const mark = (isGood: boolean) => (isGood ? styled('green', '✓') : styled('red', '✗'));
export const number = (value: number) => Math.round(value).toLocaleString('en');

/** Says that something holds, or what speaks against it; returns the latter. */
export function check(claim: string, faults: string[]): string[] {
  console.log(`  ${mark(faults.length === 0)} ${claim}`);
  for (const fault of faults) {
    console.log(`      ${fault}`);
  }
  return faults;
}

/** A line per row; every column but the first is aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `  ${row.map(pad).join('   ')}`.trimEnd()).join('\n');
}

/** Waits for all, and shows how many have come: in place in a terminal, else with a line now and then. */
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
