import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The options that a command knows, as node:util describes them. */
export type Options = NonNullable<ParseArgsConfig['options']>;
export type Values<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true }>
>['values'];

/** The command line is not valid. Nothing was done. */
export class UsageError extends Error {}

/**
 * Reads all arguments of a command, before the command does anything. With --help, every command prints its usage and
 * exits with status 0. On a bad argument, it prints the error and its usage to stderr and exits with status 2.
 * @param read turns the arguments into settings; throws an Error with a message for the user when it cannot
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

/** For a command that takes only options. @throws UsageError when there are other arguments */
export function noMore(positionals: readonly string[]): void {
  const [first] = positionals;
  if (first !== undefined) {
    throw new UsageError(`Unexpected argument "${first}".`);
  }
}

/** Reads the value of an option. @param name the name of the option, without its dashes */
export function wholeNumber(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (/^\d{1,12}$/.test(value) && number >= least && number <= most) {
    return number;
  }
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not "${value}".`);
}
