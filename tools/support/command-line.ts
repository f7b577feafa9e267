import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The options that a command knows, as node:util describes them. */
export type Options = NonNullable<ParseArgsConfig['options']>;
export type Values<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true }>
>['values'];

/** The command line cannot be understood; nothing was done. */
export class UsageError extends Error {}

/**
 * Reads the arguments of a command, all of them before anything is done. Every command answers --help with its usage and
 * status 0. What it cannot understand it refuses: what is wrong and its usage go to stderr, and its status is 2.
 * @param read makes settings of the arguments, and throws an Error in words for a person when it cannot
 */
export function readArguments<const T extends Options, Settings>(
  usage: string,
  options: T,
  read: (values: Values<T>, positionals: string[]) => Settings,
): Settings {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return read(values as Values<T>, positionals);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** For a command that takes options only. */
export function noMore(positionals: readonly string[]): void {
  const [first] = positionals;
  if (first !== undefined) {
    throw new UsageError(`"${first}" is too much: only options are understood.`);
  }
}

/** @param name of the option, without its dashes */
export function wholeNumber(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (/^\d{1,12}$/.test(value) && number >= least && number <= most) {
    return number;
  }
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, and "${value}" is not.`);
}
