import { randomInt } from 'node:crypto';
import { type CheckoutName, checkoutNames } from '../../shared/services';
import { noMore, readArguments, UsageError, wholeNumber } from '../support/command-line';
import type { Fault } from './faults/fault';
import { faults, kinds, slug } from './faults/index';

export interface ChaosOptions {
  seconds: number;
  seed: number;
  faults: readonly Fault[];
  /** Services whose databases are restored, one after the other, after the faults. */
  restores: readonly CheckoutName[];
  /** Concurrent buyers. */
  load: number;
  /** Replicas of each service. */
  replicas: number;
  /** Nodes of RabbitMQ. */
  brokerNodes: number;
  json?: string | undefined;
  html?: string | undefined;
}

const MAX_SEED = 2 ** 31 - 1;

const usage = `Usage: npm run chaos -- [--seconds 600] [--seed N] [--faults all] [--restores all] [--load 192] [--replicas 2] [--broker-nodes 3] [--json file] [--html file]
  --seconds   how long the shop is under load and faults are injected
  --seed      determines the plan of faults; without it, each run has a different plan
  --faults    "all", or kinds separated by commas, or a part of a fault's name ("row-of-items"):
              ${kinds
                .join(', ')
                .replaceAll(/(.{1,90})(?:, |$)/g, '$1,\n              ')
                .trimEnd()
                .replace(/,$/, '')}
  --restores  services whose databases are then restored to an older point, separated by commas; "all" or "none".
              Default: all after all faults, otherwise none
  --load      number of concurrent buyers
  --replicas  replicas of each service
  --broker-nodes  nodes of RabbitMQ 4; RabbitMQ 3 has one
  --json      file to write the report to, as JSON
  --html      file to write the report to, as a web page
The run starts its own shop, on free ports and in a new folder. The folder is kept only if something is wrong.
Exit status: 0 if every invariant held and every saga ended in time, 1 if not, 2 if the run could not be judged.`;

/** Ends the process after printing the usage, when that was asked for or the arguments are wrong. */
export function readOptions(): ChaosOptions {
  const text = { type: 'string' } as const;
  const options = {
    seconds: text,
    seed: text,
    faults: text,
    restores: text,
    load: text,
    replicas: text,
    'broker-nodes': text,
    json: text,
    html: text,
  };
  return readArguments(usage, options, (values, positionals) => {
    noMore(positionals);
    const { seconds = '600', load = '192', replicas = '2', json, html } = values;
    return {
      seconds: wholeNumber('seconds', seconds, 5, 86_400),
      seed: values.seed === undefined ? randomInt(MAX_SEED) : wholeNumber('seed', values.seed, 0, MAX_SEED),
      faults: chooseFaults(values.faults ?? 'all'),
      restores: chooseServices(values.restores ?? ((values.faults ?? 'all') === 'all' ? 'all' : 'none')),
      load: wholeNumber('load', load, 1, 1_000),
      replicas: wholeNumber('replicas', replicas, 1, 5),
      brokerNodes: wholeNumber('broker-nodes', values['broker-nodes'] ?? '3', 1, 5),
      json,
      html,
    };
  });
}

function chooseFaults(list: string): readonly Fault[] {
  if (list === 'all') {
    return faults;
  }
  const wanted = list.split(',').map((word) => word.trim());
  const isMeant = ({ kind, name }: Fault, word: string) =>
    kinds.includes(word) ? slug(kind) === word : slug(name).includes(word);
  const unknown = wanted.filter((word) => word === '' || !faults.some((fault) => isMeant(fault, word)));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no kind of fault called ${unknown.join(', ')}, and no fault with that in its name.`,
    );
  }
  return faults.filter((fault) => wanted.some((word) => isMeant(fault, word)));
}

function chooseServices(list: string): readonly CheckoutName[] {
  if (list === 'all' || list === 'none') {
    return list === 'all' ? checkoutNames : [];
  }
  const wanted = list.split(',').map((word) => word.trim());
  const unknown = wanted.filter((word) => !checkoutNames.some((name) => name === word));
  if (unknown.length > 0) {
    throw new UsageError(`There is no service called ${unknown.join(', ')}.`);
  }
  return checkoutNames.filter((name) => wanted.includes(name));
}
