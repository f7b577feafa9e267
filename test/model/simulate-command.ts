import { noMore, readArguments, wholeNumber } from '../../tools/support/command-line';
import { FailedRun, SAGAS_PER_RUN, simulate } from './simulate';

const USAGE = `Usage: npm run simulate -- [--seed 1] [--sagas 1000000] [--trace]
Simulates shops, one run after the other with at least ${SAGAS_PER_RUN} sagas each, until an invariant is broken or there were
enough sagas.
  --seed   seed of the first run; each following run has the next seed
  --sagas  at least this many sagas in all; the last run is always completed
  --trace  prints every effect, to examine a failed run
Exit status: 0 if every saga ended and every invariant held, 1 if not, 2 if the arguments are wrong.`;

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
  let lastPrinted = 0;
  let done = 0;
  for (let run = 0; done < sagas; run++) {
    const figures = await simulate(seed + run, { ...(onEffect && { onEffect }) });
    done += figures.sagas;
    for (const [name, count] of [
      ...Object.entries(figures.outcomes),
      ...Object.entries(figures.occurrences),
    ]) {
      totals[name] = (totals[name] ?? 0) + count;
    }
    if (performance.now() - lastPrinted > 1_000 || done >= sagas) {
      lastPrinted = performance.now();
      process.stderr.write(`\r${done.toLocaleString('en')} sagas, ${rate()} a second `);
    }
  }
  process.stderr.write('\n');
  const counts = Object.entries(totals).map(([name, count]) => `  ${name} ${count.toLocaleString('en')}`);
  console.log(['Every saga ended and every invariant held:', ...counts].join('\n'));

  function rate(): string {
    return Math.round((1_000 * done) / (performance.now() - started)).toLocaleString('en');
  }
}

main().catch((error) => {
  process.exitCode = 1;
  if (!(error instanceof FailedRun)) {
    return console.error(error);
  }
  console.error(
    `\n${error.message}\n\nReproduce it: npm run simulate -- --seed ${error.seed} --sagas 1 --trace\n`,
  );
  console.error(error.cause);
});
