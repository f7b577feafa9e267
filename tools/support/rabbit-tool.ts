import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { erlangEnvironment } from './rabbit-node';
import type { RabbitPrograms } from './rabbit-programs';

const run = promisify(execFile);
const TOOL_WITHIN_MS = 30_000;

/**
 * Runs a command-line tool of a node, such as `rabbitmqctl`, and returns what it prints.
 * @param node.home as `startNode` has it
 * @param node.name such as "chandlery@localhost"
 */
export async function runTool(
  programs: RabbitPrograms,
  node: { home: string; name: string; epmd: number; env?: NodeJS.ProcessEnv },
  tool: string,
  ...args: string[]
): Promise<string> {
  const folder = join(node.home, 'rabbitmq');
  // With these the tools find the node, and may use it.
  const env = {
    ...programs.env,
    ...erlangEnvironment(node.epmd),
    HOME: folder,
    ERL_INETRC: join(folder, 'inetrc'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    ...node.env,
  };
  const flags = ['--quiet', '--node', node.name, ...args];
  const path = join(dirname(programs.server), tool);
  return (await run(path, flags, { env, timeout: TOOL_WITHIN_MS })).stdout;
}
