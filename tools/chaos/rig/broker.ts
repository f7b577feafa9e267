import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { probe } from '../../../shared/rabbit/probe';
import { endOf } from '../../support/process';
import { type RabbitPorts, startNode } from '../../support/rabbit-node';
import { olderRabbit, preferredRabbit } from '../../support/rabbit-programs';
import { BrokerApi } from './broker-api';
import { findLostQueues } from './lost-queues';

const run = promisify(execFile);
const credentials = { username: 'guest', password: 'guest' };
/** More than any disk has, so that the broker considers its own full. */
const MORE_THAN_ANY_DISK = '1000000GB';
const NORMAL_LIMIT = '200MB';

/** The shop's RabbitMQ, which faults can break. */
export interface Broker {
  readonly port: number;
  readonly api: BrokerApi;
  /** All that the node has stored. */
  readonly dataFolder: string;
  /** @param port of the broker, or of a link to it */
  url(port?: number): string;
  /**
   * Kills the node, which its supervisor starts again. Resolves when the broker accepts connections, and with the queues
   * that it has lost: they are deleted by then, as docs/runbooks/QueueWithoutConsumer.md tells an operator to do.
   *
   * @param whileDown changes what the node has stored
   */
  restart(whileDown?: () => void): Promise<string[]>;
  /** Kills the node, deletes all that it has stored, and starts it again. Resolves when it accepts connections. */
  empty(): Promise<void>;
  /** Makes the broker close every connection, as an administrator can. */
  closeConnections(): Promise<void>;
  setDiskFull(full: boolean): Promise<void>;
  kill(): void;
}

export async function startBroker(
  home: string,
  ports: Required<Omit<RabbitPorts, 'metrics'>>,
  say: (text: string) => void,
): Promise<Broker> {
  const programs = (await preferredRabbit(say)) ?? (await olderRabbit(say));
  if (programs === undefined) {
    throw new Error(
      'Chaos needs a RabbitMQ that it can break. Install one ("sudo apt-get install rabbitmq-server") and try again.',
    );
  }
  const node = startNode(programs, home, ports, say);
  const url = (port = ports.amqp) =>
    `amqp://${credentials.username}:${credentials.password}@127.0.0.1:${port}`;
  say(`The broker is ${await waitUntilReady(url(), home)}.`);
  const api = new BrokerApi(`http://127.0.0.1:${ports.management}/api`, credentials);
  const control = async (...args: string[]) => {
    const env = { ...programs.env, ...toolEnvironment(home, ports) };
    const flags = ['--quiet', '--node', 'chandlery@localhost', ...args];
    const { stdout } = await run(join(dirname(programs.server), 'rabbitmqctl'), flags, {
      env,
      timeout: 30_000,
    });
    return stdout;
  };
  /** @param whileDown is done before the supervisor starts the node again, which it never does at once */
  const restart = async (whileDown?: () => void) => {
    await node.restart('SIGKILL');
    whileDown?.();
    await waitUntilReady(url(), home);
  };
  return {
    port: ports.amqp,
    api,
    dataFolder: node.dataFolder,
    url,
    kill: () => node.kill(),
    async restart(whileDown) {
      await restart(whileDown);
      const lost = await findLostQueues(control);
      if (lost.length > 0) {
        say(
          `RabbitMQ has lost ${lost.join(', ')}, declared just before it was killed. Deleting what is left …`,
        );
      }
      await Promise.all(lost.map((queue) => api.deleteQueue(queue)));
      return lost;
    },
    // Without "force": if there is nothing to delete, this is not where the node stores its data.
    empty: () => restart(() => rmSync(node.dataFolder, { recursive: true, maxRetries: 3 })),
    closeConnections: () => api.closeConnections(credentials.username),
    async setDiskFull(full) {
      await control('set_disk_free_limit', full ? MORE_THAN_ANY_DISK : NORMAL_LIMIT);
    },
  };
}

/** The environment in which the command-line tools find the node and may use it. */
function toolEnvironment(home: string, ports: RabbitPorts): NodeJS.ProcessEnv {
  const folder = join(home, 'rabbitmq');
  return {
    HOME: folder,
    LANG: 'C.UTF-8',
    ERL_INETRC: join(folder, 'inetrc'),
    ERL_EPMD_PORT: String(ports.epmd),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
  };
}

/** Returns what the broker is. */
async function waitUntilReady(url: string, home: string): Promise<string> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(100)) {
    const description = await probe(url);
    if (description !== undefined) {
      return description;
    }
  }
  const logFile = join(home, 'log/rabbitmq.log');
  throw new Error(`RabbitMQ did not start. The end of its log (${logFile}):\n${endOf(logFile)}`);
}
