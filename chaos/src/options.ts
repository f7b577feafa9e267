import { parseArgs } from 'node:util';
import type { Fault } from './faults/fault';
import { faults, kinds, slug } from './faults/index';

export interface ChaosOptions {
  seconds: number;
  seed: number;
  faults: readonly Fault[];
  /** Buyers in the shop at a time. */
  load: number;
  /** Of each service. */
  replicas: number;
  json?: string | undefined;
  html?: string | undefined;
}

const usage = `Usage: npm run chaos -- [--seconds 600] [--seed N] [--faults all] [--load 192] [--replicas 2] [--json file] [--html file]
  --seconds   how long the shop is under load while faults strike
  --seed      which faults strike when; without one, another plan each time
  --faults    "all", or kinds separated by commas:
              ${kinds
                .join(', ')
                .replaceAll(/(.{1,90})(?:, |$)/g, '$1,\n              ')
                .trimEnd()
                .replace(/,$/, '')}
  --load      buyers in the shop at a time
  --replicas  of each service
  --json      where the report goes, for machines
  --html      where the report goes, for people
Everything is started for it, on ports and in a folder of its own; the folder is kept only if something is wrong.
Exit status: 0 every invariant held and every saga ended in time, 1 not so, 2 it could not be told.`;

/** @throws Error that says how the command is used; undefined when only that was asked for, and has been said */
export function readOptions(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000_000)) },
      faults: { type: 'string', default: 'all' },
      load: { type: 'string', default: '192' },
      replicas: { type: 'string', default: '2' },
      json: { type: 'string' },
      html: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  return {
    seconds: whole(values.seconds, 5, 86_400),
    seed: whole(values.seed, 0, 2 ** 31 - 1),
    faults: chosen(values.faults),
    load: whole(values.load, 1, 1_000),
    replicas: whole(values.replicas, 1, 5),
    json: values.json,
    html: values.html,
  };
}

function chosen(list: string): readonly Fault[] {
  if (list === 'all') return faults;
  const wanted = list.split(',').map((kind) => kind.trim());
  const unknown = wanted.filter((kind) => !kinds.includes(kind));
  if (unknown.length > 0)
    throw new Error(`There is no kind of fault called ${unknown.join(', ')}.\n${usage}`);
  return faults.filter(({ kind }) => wanted.includes(slug(kind)));
}

function whole(value: string, least: number, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`"${value}" is not a whole number from ${least} to ${most}.\n${usage}`);
}
