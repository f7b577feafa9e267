import { delimiter, join } from 'node:path';
import { type DebianPackages, unpackedPackages, which } from '../../tools/support/debian-packages';

export interface Found {
  file: string;
  env: NodeJS.ProcessEnv;
}

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Finds a program on this machine, or unpacks the distribution's package into the user's cache. */
export async function program(name: string, megabytes: number): Promise<Found> {
  const installed = which(name);
  if (installed !== undefined) {
    return { file: installed, env: {} };
  }
  const wanted: DebianPackages = { name, packages: [name], megabytes, dependencies: true };
  const unpacked = await unpackedPackages(wanted, say);
  if (unpacked === undefined) {
    throw new Error(`The tests of the deployment need ${name}: install it.`);
  }
  const { LD_LIBRARY_PATH } = unpacked.env;
  return { file: join(unpacked.home, 'usr/bin', name), env: { LD_LIBRARY_PATH } };
}

/** The programs that the script may use besides kubectl, helm, curl and openssl. Every Linux has these. */
const COMMON = [
  ...[
    'awk',
    'base64',
    'bash',
    'cat',
    'cut',
    'dirname',
    'env',
    'grep',
    'head',
    'mktemp',
    'paste',
    'rm',
    'sed',
  ],
  ...['sleep', 'sort', 'tail', 'tr', 'uniq', 'wc'],
];

/** Returns name and file of every program of a folder that is the whole PATH of a run. */
export async function scriptPrograms(): Promise<{ files: Record<string, string>; env: NodeJS.ProcessEnv }> {
  const files: Record<string, string> = { node: process.execPath };
  for (const name of COMMON) {
    const file = which(name);
    if (file === undefined) {
      throw new Error(`${name} is in none of these folders: ${process.env.PATH?.split(delimiter)}`);
    }
    files[name] = file;
  }
  const [curl, openssl] = [await program('curl', 5), await program('openssl', 3)];
  Object.assign(files, { curl: curl.file, openssl: openssl.file });
  return { files, env: { ...curl.env, ...openssl.env } };
}
