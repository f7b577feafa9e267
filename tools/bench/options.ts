import { perService, type ServiceName, serviceNames } from '../../shared/services';
import { noMore, readArguments, UsageError } from '../support/command-line';
import type { Scenario } from './scenario';
import { scenarios } from './scenarios/index';
import type { BenchSettings } from './settings';

/** What is measured, and how. */
export interface BenchOptions extends BenchSettings {
  only: readonly Scenario[];
}

const urlFlags = serviceNames.map((name) => `--${name}-url`);
const urlOptions = Object.fromEntries(
  serviceNames.map((name) => [`${name}-url`, { type: 'string' } as const]),
);
const names = scenarios.map(({ name }) => name);
/** What needs its time, or is drawn and not held against a goal: no part of a quick run that does not name it. */
const UNHURRIED = ['curve', 'history', 'cost', 'memory'];
const usage = `Usage: npm run bench -- [--quick] [--only a,b] [--seconds 10] [--rounds 5] [--json file] [--html file] …
  --only            scenarios, separated by commas; all of them unless told:
${scenarios.map(({ name, description }) => `                    ${name.padEnd(12)} ${description}`).join('\n')}
  --quick           two minutes: short measurements, one round of each, without ${UNHURRIED.join(', ')}
  --seconds         of one measurement, after its warm-up
  --memory-seconds  of "memory" (600), whose growth is judged from its second half
  --rounds          of measurements that are compared, taken in turn
  --size            users, items and orders in the shop (100000; on a target 10000)
  --warm-up         seconds of load before each measurement (3); new processes take as many stretches of it as make
                    them faster, ten at most
  --history-orders  in "history" (1000000)
  --profile         also takes CPU profiles of the services and the database's own statistics
  --target URL      a shop that is running elsewhere, behind one address, instead of one of our own;
                    ${urlFlags.join(', ')} where services have addresses of their own.
                    Its users, items and orders "0" to --size are replaced, and BATCH_INIT must be on
  --json, --html    where the report goes, for machines and for people
  --write           also writes tools/bench/report.html and the README's table; for a run of everything only
Exit status: 0 everything was measured, 1 books did not balance or a measurement failed, 2 not understood.`;

/** Ends the process when it was only asked how it is used, or cannot be understood. */
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
    const number = (value: string | undefined, standard: number, least: number, most: number) =>
      value === undefined ? standard : within(value, least, most);
    const target = targetOf(values);
    const only = chosen(values.only, target !== undefined, quick);
    if (values.write && (quick || values.only !== undefined || target !== undefined)) {
      throw new UsageError('--write is for a run of everything, without --quick, --only or --target.');
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

function targetOf(
  values: Record<string, string | boolean | undefined>,
): Record<ServiceName, string> | undefined {
  const urls = perService((service) => values[`${service}-url`] ?? values.target);
  if (Object.values(urls).every((url) => url === undefined)) {
    return undefined;
  }
  return perService((service) => {
    const url = urls[service];
    if (typeof url === 'string' && URL.canParse(url)) {
      return url;
    }
    throw new UsageError(`--target, or all of ${urlFlags.join(', ')}, must be addresses.`);
  });
}

function chosen(list: string | undefined, onTarget: boolean, quick: boolean): readonly Scenario[] {
  const possible = onTarget ? scenarios.filter((scenario) => scenario.onTarget) : scenarios;
  if (list === undefined) {
    return possible.filter(({ name }) => !quick || !UNHURRIED.includes(name));
  }
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`There is no scenario called ${unknown.join(', ')}.`);
  }
  const impossible = wanted.filter((name) => !possible.some((scenario) => scenario.name === name));
  if (impossible.length > 0) {
    throw new UsageError(
      `${impossible.join(', ')} cannot be measured on a shop of which only the public API is known.`,
    );
  }
  return scenarios.filter(({ name }) => wanted.includes(name));
}

function within(value: string, least: number, most: number): number {
  const number = Number(value);
  if (Number.isFinite(number) && number >= least && number <= most) {
    return number;
  }
  throw new UsageError(`"${value}" is not a number from ${least} to ${most}.`);
}
