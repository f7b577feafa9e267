import { execFile } from 'node:child_process';

export interface Ended {
  /** The exit status. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a compiled program, such as "dist/tools/demo/main.js", as its npm script does, and waits until it has ended. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env, maxBuffer: Number.POSITIVE_INFINITY };
    execFile(process.execPath, ['--enable-source-maps', file, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
