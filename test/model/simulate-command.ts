import { noMore, readArguments, wholeNumber } from '../../tools/support/command-line';
import { FailedLife, SAGAS_OF_A_LIFE, simulate } from './simulate';

const USAGE = `Usage: npm run simulate -- [--seed 1] [--sagas 1000000] [--trace]
Lives the lives of simulated shops, ${SAGAS_OF_A_LIFE} sagas and some more each, until an invariant is broken or there were enough.
  --seed   of the first life; the next one has the next seed
  --sagas  at least so many: every life is lived to its end
  --trace  tells every effect, for a life that failed
Exit status: 0 every saga ended and every invariant held, 1 not so, 2 not understood.`;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { seed: text, sagas: text, trace: { type: 'boolean', default: false } } as const;
  const { seed, sagas, trace } = readArguments(USAGE, options, (values, positionals) => {
    noMore(positionals);
    return {
      seed: wholeNumber('seed', values.seed ?? '1', 0, 999_999_999),
      sagas: wholeNumber('sagas', values.sagas ?? '1000000', 1, 999_999_999),
      trace: values.trace,
    };
  });
  const onEffect = trace ? (effect: string) => process.stdout.write(`${effect}\n`) : undefined;

  const started = performance.now();
  const totals: Record<string, number> = {};
  let told = 0;
  let done = 0;
  for (let life = 0; done < sagas; life++) {
    const figures = await simulate(seed + life, { ...(onEffect && { onEffect }) });
    done += figures.sagas;
    for (const [what, count] of [...Object.entries(figures.outcomes), ...Object.entries(figures.happened)]) {
      totals[what] = (totals[what] ?? 0) + count;
    }
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

main().catch((error) => {
  process.exitCode = 1;
  if (!(error instanceof FailedLife)) {
    return console.error(error);
  }
  console.error(
    `\n${error.message}\n\nLive it again: npm run simulate -- --seed ${error.seed} --sagas 1 --trace\n`,
  );
  console.error(error.cause);
});
