import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { type Shop, withShop } from './shop';
import { printable, printableJson } from './text';

/** What both commands have in common: reading arguments, refusing bad ones, printing, and the exit status. */

/** The command line cannot be understood; nothing was done. */
export class UsageError extends Error {}

/** The command line was understood, and there is nothing to do it to, or it may not be done; nothing was done. */
export class Refusal extends Error {}

export const commonOptions = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  port: { type: 'string' },
} as const;

/** @throws UsageError when node:util does not know an argument */
function readArguments<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(options: T) {
  try {
    return parseArgs({ options, allowPositionals: true } as {
      options: NonNullable<T>;
      allowPositionals: true;
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

export type ArgumentsOf<T extends Parameters<typeof readArguments>[0]> = ReturnType<
  typeof readArguments<T>
>['values'];

/** What a command can be asked to do. Each reads its arguments, all of them, before anything is connected to. */
export type Verbs<T extends Parameters<typeof readArguments>[0]> = Record<
  string,
  (ids: string[], values: ArgumentsOf<T>) => (shop: Shop) => Promise<void>
>;

/** Exit status 0: done. 1: nothing to do it to, or refused. 2: not understood, or something could not be reached. */
export function runCommand<T extends typeof commonOptions>(usage: string, options: T, verbs: Verbs<T>): void {
  perform(usage, options, verbs).catch((error: Error) => {
    const causes: string[] = [];
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
    const because = causes.some(Boolean) ? ` (${causes.filter(Boolean).join(': ')})` : '';
    console.error(printable(`${error.message}${because}`));
    if (error instanceof UsageError) console.error(`\n${usage}`);
    process.exitCode = error instanceof Refusal ? 1 : 2;
  });
}

async function perform<T extends typeof commonOptions>(
  usage: string,
  options: T,
  verbs: Verbs<T>,
): Promise<void> {
  const { values, positionals } = readArguments(options);
  const { help, port } = values as { help: boolean; port?: string };
  if (help) return console.log(usage);
  const [verb = 'list', ...ids] = positionals;
  const work = verbs[verb];
  if (!work) throw new UsageError(`There is no "${verb}".`);
  const done = work(ids, values);
  await withShop(port && whole('port', port, 1024, 64_000), done);
}

export function print(text: string): void {
  console.log(text.split('\n').map(printable).join('\n'));
}

export function printJson(value: unknown): void {
  console.log(printableJson(value));
}

export function whole(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (/^\d{1,9}$/.test(value) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, and "${value}" is not.`);
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** "30s", "5m", "2h" or "1d" in milliseconds. */
export function duration(name: string, value: string): number {
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(value) ?? [];
  if (count !== undefined) return Number(count) * UNITS[unit as keyof typeof UNITS];
  throw new UsageError(`--${name} must be a time such as 30s, 5m, 2h or 1d, and "${value}" is not.`);
}

export function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${name} must be one of ${choices.join(', ')}, and "${value}" is not.`);
}

/** Lower case, as the services write it. */
export function sagaIdFrom(value: string): string {
  const id = value.toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  throw new UsageError(`"${value}" is not the id of a saga, which is a UUID.`);
}

/** Words that are kept for good next to what was done. */
export function words(name: string, value: string, longest: number): string {
  const trimmed = value.trim();
  if (trimmed !== '' && trimmed.length <= longest && !/\p{Cc}/u.test(trimmed)) return trimmed;
  throw new UsageError(`--${name} must be one line of 1 to ${longest} characters.`);
}

/** Who is at the keyboard, unless they say that they act for somebody else. */
export function actorFrom(given: string | undefined): string {
  if (given !== undefined) return words('actor', given, 100);
  try {
    return userInfo().username;
  } catch {
    throw new UsageError('This machine does not know your name. Say who you are with --actor.');
  }
}
