import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Switches nodes off and on. */
export interface Power {
  off(node: string): Promise<void>;
  on(node: string): Promise<void>;
}

/** @param command of a shell; "off NODE" or "on NODE" is added to it */
export function powerBy(command: string): Power {
  const run = promisify(execFile);
  const turn = (state: 'off' | 'on') => async (node: string) => {
    await run('sh', ['-c', `${command} "$@"`, 'power', state, node]).catch((cause: Error) => {
      throw new Error(`The node ${node} could not be switched ${state} with "${command}".`, { cause });
    });
  };
  return { off: turn('off'), on: turn('on') };
}
