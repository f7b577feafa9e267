import { parseArgs } from 'node:util';
import { FailedLife, SAGAS_OF_A_LIFE, simulate } from './simulate';

const USAGE = `npm run simulate -- [--seed 42] [--sagas 1000000] [--trace]

Lives the lives of simulated shops, ${SAGAS_OF_A_LIFE} sagas each, from the given seed on, until there were enough sagas or an
invariant was broken. --trace tells every effect, for a life that failed.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, sagas: { type: 'string' }, trace: { type: 'boolean' } },
  });
  const seed = wholeNumber('--seed', values.seed ?? '1');
  const sagas = wholeNumber('--sagas', values.sagas ?? '1000000');
  const onEffect = values.trace ? (effect: string) => process.stdout.write(`${effect}\n`) : undefined;

  const started = performance.now();
  const totals: Record<string, number> = {};
  let told = 0;
  let done = 0;
  for (let life = 0; done < sagas; life++) {
    const figures = await simulate(seed + life, { ...(onEffect && { onEffect }) });
    done += figures.sagas;
    for (const [what, count] of [...Object.entries(figures.outcomes), ...Object.entries(figures.happened)])
      totals[what] = (totals[what] ?? 0) + count;
    if (performance.now() - told > 1_000 || done >= sagas) {
      told = performance.now();
      process.stderr.write(`\r${done.toLocaleString('en')} sagas, ${rate()} a second `);
    }
  }
  process.stderr.write('\n');
  const counts = Object.entries(totals).map(([what, count]) => `  ${what} ${count.toLocaleString('en')}`);
  console.log(['Every saga ended and every invariant held:', ...counts].join('\n'));

  function rate(): string {
    return Math.round((1_000 * done) / (performance.now() - started)).toLocaleString('en');
  }
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new TypeError(`${option} must be a whole number, and is "${text}".\n\n${USAGE}`);
  return Number(text);
}

main().catch((error) => {
  process.exitCode = 1;
  if (!(error instanceof FailedLife))
    return console.error(error instanceof TypeError ? error.message : error);
  console.error(
    `\n${error.message}\n\nLive it again: npm run simulate -- --seed ${error.seed} --sagas 1 --trace\n`,
  );
  console.error(error.cause);
});
