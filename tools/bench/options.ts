import { type CheckoutName, checkoutNames, perCheckoutService } from '../../shared/services';
import { noMore, readArguments, UsageError } from '../support/command-line';
import type { Scenario } from './scenario';
import { scenarios } from './scenarios/index';
import type { BenchSettings } from './settings';

/** What to measure, and how. */
export interface BenchOptions extends BenchSettings {
  only: readonly Scenario[];
}

const urlFlags = checkoutNames.map((name) => `--${name}-url`);
const urlOptions = Object.fromEntries(
  checkoutNames.map((name) => [`${name}-url`, { type: 'string' } as const]),
);
const names = scenarios.map(({ name }) => name);
/** A quick run skips these unless --only names them, because they take long or have no goal. */
const NOT_QUICK = [
  'curve',
  'history',
  'browsing',
  'cost',
  'tokens',
  'locked-rows',
  'flood',
  'guesses',
  'memory',
];
const usage = `Usage: npm run bench -- [--quick] [--only a,b] [--seconds 10] [--rounds 5] [--json file] [--html file] …
  --only            scenarios, separated by commas (default: all of them):
${scenarios.map(({ name, description }) => `                    ${name.padEnd(12)} ${description}`).join('\n')}
  --quick           takes two minutes: short measurements, one round of each, without ${NOT_QUICK.join(', ')}
  --seconds         length of one measurement, after its warm-up
  --memory-seconds  length of "memory" (600); growth is judged in the second half
  --rounds          how often to measure; the sides of a comparison take turns
  --size            number of users, items and orders in the shop (100000; on a target 10000)
  --warm-up         seconds of load before each measurement (3); new processes get up to ten such periods, until they
                    stop becoming faster
  --history-orders  paid orders in "history" (1000000)
  --profile         also takes CPU profiles of the services and PostgreSQL's statistics of statements
  --target URL      measures a shop that runs elsewhere, behind one address, instead of starting one;
                    use ${urlFlags.join(', ')} if each service has its own address.
                    Replaces its users, items and orders "0" to --size; BATCH_INIT must be on there
  --json, --html    file for the report, as JSON or as a web page
  --write           also writes tools/bench/report.html and the table in tools/bench/README.md;
                    only for a complete run
Exit status: 0 everything was measured, 1 books did not balance or a measurement failed, 2 usage error.`;

/** Ends the process after --help, and when the arguments are wrong. */
export function readOptions(): BenchOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    ...{ quick: flag, profile: flag, write: flag },
    ...{ only: text, seconds: text, rounds: text, size: text, json: text, html: text },
    ...{ 'history-orders': text, 'memory-seconds': text, 'warm-up': text, target: text },
    ...urlOptions,
  };
  return readArguments(usage, options, (values, positionals) => {
    noMore(positionals);
    const { quick } = values;
    const number = (value: string | undefined, byDefault: number, least: number, most: number) =>
      value === undefined ? byDefault : parseNumber(value, least, most);
    const target = readTarget(values);
    const only = chooseScenarios(values.only, target !== undefined, quick);
    if (values.write && (quick || values.only !== undefined || target !== undefined)) {
      throw new UsageError('--write is for a complete run, without --quick, --only or --target.');
    }
    const seconds = number(values.seconds, quick ? 2 : 10, 0.1, 3_600);
    return {
      ...{ only, quick, seconds, json: values.json, html: values.html },
      ...{ profile: values.profile, write: values.write },
      warmUpSeconds: number(values['warm-up'], quick ? 1 : 3, 0, 60),
      rounds: number(values.rounds, quick ? 1 : 5, 1, 100),
      size: number(values.size, target ? 10_000 : quick ? 40_000 : 100_000, 100, 200_000),
      historyOrders: number(values['history-orders'], quick ? 50_000 : 1_000_000, 1_000, 100_000_000),
      memorySeconds: number(values['memory-seconds'], quick ? 8 : 600, 0.1, 86_400),
      ...(target && { target }),
    };
  });
}

function readTarget(
  values: Record<string, string | boolean | undefined>,
): Record<CheckoutName, string> | undefined {
  const urls = perCheckoutService((service) => values[`${service}-url`] ?? values.target);
  if (Object.values(urls).every((url) => url === undefined)) {
    return undefined;
  }
  return perCheckoutService((service) => {
    const url = urls[service];
    if (typeof url === 'string' && URL.canParse(url)) {
      return url;
    }
    throw new UsageError(
      `--target, or all of ${urlFlags.join(', ')}, must be addresses such as http://shop.example.`,
    );
  });
}

function chooseScenarios(list: string | undefined, onTarget: boolean, quick: boolean): readonly Scenario[] {
  const possible = onTarget ? scenarios.filter((scenario) => scenario.onTarget) : scenarios;
  if (list === undefined) {
    return possible.filter(({ name }) => !quick || !NOT_QUICK.includes(name));
  }
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`There is no scenario called ${unknown.join(', ')}.`);
  }
  const impossible = wanted.filter((name) => !possible.some((scenario) => scenario.name === name));
  if (impossible.length > 0) {
    throw new UsageError(
      `${impossible.join(', ')} cannot be measured on a target: only its public API can be reached.`,
    );
  }
  return scenarios.filter(({ name }) => wanted.includes(name));
}

function parseNumber(value: string, least: number, most: number): number {
  const number = Number(value);
  if (Number.isFinite(number) && number >= least && number <= most) {
    return number;
  }
  throw new UsageError(`"${value}" is not a number from ${least} to ${most}.`);
}
