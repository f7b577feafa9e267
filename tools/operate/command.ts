import { userInfo } from 'node:os';
import { reasonOf } from '../../shared/errors';
import { type Options, readArguments, UsageError, type Values, wholeNumber } from '../support/command-line';
import type { ShopConnections } from './connections';
import { printable, printableJson } from './text';

/** What both commands share: their verbs, the checks of their arguments, printing, and the exit status. */

/** The command line is valid, but there is nothing to act on, or the action is not allowed. Nothing was done. */
export class Refusal extends Error {}

export const commonOptions = {
  json: { type: 'boolean', default: false },
  port: { type: 'string' },
} as const;

/** What a command can do, by name. Each verb checks all of its arguments before it connects to anything. */
export type Verbs<T extends Options, Connections = ShopConnections> = Record<
  string,
  (ids: string[], values: Values<T>) => (connections: Connections) => Promise<void>
>;

/**
 * Exit status 0: done. 1: nothing to act on, or not allowed. 2: invalid arguments, or something cannot be reached.
 * @param connect opens what the verbs work on, at the given port of `npm start` unless the environment says otherwise
 */
export function runCommand<const T extends typeof commonOptions, Connections>(
  usage: string,
  options: T,
  verbs: Verbs<T, Connections>,
  connect: (port: number | undefined, work: (connections: Connections) => Promise<void>) => Promise<void>,
): void {
  const { work, port } = readArguments(usage, options, (values, [verb = 'list', ...ids]) => {
    const read = verbs[verb];
    if (!read) {
      throw new UsageError(`"${verb}" is not one of ${Object.keys(verbs).join(', ')}.`);
    }
    const { port } = values as { port?: string };
    return {
      work: read(ids, values),
      port: port === undefined ? undefined : wholeNumber('port', port, 1024, 64_000),
    };
  });
  connect(port, work).catch((error: Error) => {
    const causes: string[] = [];
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
      causes.push(reasonOf(cause));
    }
    const because = causes.length > 0 ? ` (${causes.join(': ')})` : '';
    console.error(printable(`${error.message}${because}`));
    process.exitCode = error instanceof Refusal ? 1 : 2;
  });
}

export function print(text: string): void {
  console.log(text.split('\n').map(printable).join('\n'));
}

export function printJson(value: unknown): void {
  console.log(printableJson(value));
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Returns "30s", "5m", "2h" or "1d" in milliseconds. */
export function duration(name: string, value: string): number {
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(value) ?? [];
  if (count !== undefined) {
    return Number(count) * UNITS[unit as keyof typeof UNITS];
  }
  throw new UsageError(`--${name} must be a time such as 30s, 5m, 2h or 1d, not "${value}".`);
}

export function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) {
    return choice;
  }
  throw new UsageError(`--${name} must be one of ${choices.join(', ')}, not "${value}".`);
}

/** Returns the id in lower case, as the services write it. */
export function sagaIdFrom(value: string): string {
  const id = value.toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    return id;
  }
  throw new UsageError(
    `"${value}" is not the id of a saga, which is a UUID. To see the sagas of an order, use list --order ${value}.`,
  );
}

/** Checks a text that is kept for good with the record of an action. */
export function oneLine(name: string, value: string, longest: number): string {
  const trimmed = value.trim();
  if (trimmed !== '' && trimmed.length <= longest && !/\p{Cc}/u.test(trimmed)) {
    return trimmed;
  }
  throw new UsageError(`--${name} must be one line of 1 to ${longest} characters.`);
}

/** Returns the user of this machine, unless --actor names another person. */
export function actorFrom(given: string | undefined): string {
  if (given !== undefined) {
    return oneLine('actor', given, 100);
  }
  try {
    return userInfo().username;
  } catch {
    throw new UsageError('Your user account has no name. Say who you are with --actor.');
  }
}
