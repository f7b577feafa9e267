/** The error that kubectl or helm would exit with. */
export class Refused extends Error {}

export interface Call {
  words: string[];
  flags: Record<string, string>;
  input: string;
}

/** Flags with a value; those of the second list have none. All other flags are refused. */
const WITH_VALUE = [
  ...[
    '--context',
    '--namespace',
    '--request-timeout',
    '--raw',
    '--field-manager',
    '--timeout',
    '--for',
    '--tail',
  ],
  ...['--filter', '--output', '--template', '--repo', '--version', '--kube-context', '--values', '--dry-run'],
  ...['--type', '--patch'],
  ...['-o', '-f', '-l'],
];
const WITHOUT = [
  ...['--client', '--server-side', '--force-conflicts', '--ignore-not-found', '--wait', '--no-headers'],
  ...['--all-namespaces', '--install', '--create-namespace'],
];

export function parse(args: readonly string[]): { words: string[]; flags: Record<string, string> } {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    const [, name, , value] = /^(--?[a-z-]+)(=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) {
      words.push(argument);
    } else if (WITH_VALUE.includes(name)) {
      flags[name] = value ?? args[++i] ?? '';
    } else if (WITHOUT.includes(name)) {
      flags[name] = 'true';
    } else {
      throw new Refused(`error: unknown flag: ${name}`);
    }
  }
  return { words, flags };
}
