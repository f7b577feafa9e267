import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from '../../shared/rabbit/probe';
import { endOf, type Stoppable } from './process';
import { type RabbitPorts, startNode } from './rabbit-node';
import { containerEngine, downloadedRabbit, installedRabbit } from './rabbit-programs';
import { keepRunning, type Supervised } from './supervise';

export interface Rabbit {
  amqpUrl: string;
  /** What was found or started, for people. */
  description: string;
  stop(): Promise<void>;
  /** For a broker whose data is not needed again, or for a user in a hurry. */
  kill(): void;
}

export interface RabbitOptions {
  /** Everything is kept below this folder. */
  home: string;
  ports: RabbitPorts;
  say(text: string): void;
  /** Called when there is a process that has to be stopped, although it takes no connections yet. */
  started?(broker: Stoppable): void;
}

const credentials = 'guest:guest';
const image = 'rabbitmq:4-management';

/** A broker that somebody else runs: the one that AMQP_URL names, or one on the usual port that lets us in. */
export async function findRabbit(amqpUrl: string | undefined): Promise<Rabbit | undefined> {
  const url = amqpUrl ?? `amqp://${credentials}@127.0.0.1:5672`;
  const found = await probe(url);
  if (found !== undefined) {
    requireVersion(found);
    return { amqpUrl: url, description: `${found}, already running`, stop: async () => {}, kill() {} };
  }
  if (amqpUrl === undefined) {
    return undefined;
  }
  throw new Error(
    'The broker that AMQP_URL names does not answer or refuses the login. ' +
      'Start it or mend the address, or unset AMQP_URL and a broker is found or started for you.',
  );
}

/** A broker of our own, from whatever this machine has to offer. */
export async function startRabbit(options: RabbitOptions): Promise<Rabbit> {
  const broker = await startBroker(options);
  const { stop, kill } = broker;
  options.started?.(broker);
  const amqpUrl = `amqp://${credentials}@127.0.0.1:${options.ports.amqp}`;
  for (const end = Date.now() + 90_000; broker.isRunning() && Date.now() < end; await sleep(100)) {
    const description = await probe(amqpUrl);
    if (description === undefined) {
      continue;
    }
    requireVersion(description);
    return { amqpUrl, description, stop, kill };
  }
  await stop();
  const logFile = join(options.home, 'log/rabbitmq.log');
  throw new Error(`RabbitMQ did not start. The end of its log (${logFile}):\n${endOf(logFile)}`);
}

/** Quorum queues that dead-letter at least once came with 3.10. */
function requireVersion(description: string): void {
  const [major = 0, minor = 0] = (/[\d.]+/.exec(description)?.[0] ?? '').split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 10)) {
    return;
  }
  throw new Error(
    `Chandlery needs RabbitMQ 3.10 or newer, and this machine's is ${description}. Update it, stop it and remove it ` +
      'from the PATH, or set AMQP_URL to a newer one.',
  );
}

async function startBroker(options: RabbitOptions): Promise<Supervised> {
  const { home, ports, say } = options;
  const installed = installedRabbit();
  if (installed !== undefined) {
    return startNode(installed, home, ports, say);
  }
  const engine = containerEngine();
  if (engine !== undefined && hasImage(engine, say)) {
    return startContainer(engine, options);
  }
  const attempt = await downloadedRabbit(say).catch((error: Error) => error);
  if (attempt !== undefined && !(attempt instanceof Error)) {
    return startNode(attempt, home, ports, say);
  }
  const failure = attempt === undefined ? '' : ` (fetching it failed: ${attempt.message.trim()})`;
  throw new Error(
    `There is no RabbitMQ to be had on this machine${failure}. ` +
      'Any one of these is enough: install it ' +
      '("sudo apt-get install rabbitmq-server", "sudo dnf install rabbitmq-server" or "brew install rabbitmq"); start ' +
      `a container engine (docker or podman) that can fetch ${image}; or set AMQP_URL to a broker, 3.10 or newer.`,
    { cause: attempt },
  );
}

function hasImage(engine: string, say: (text: string) => void): boolean {
  if (spawnSync(engine, ['image', 'inspect', image]).status === 0) {
    return true;
  }
  say(`Fetching the container image ${image} …`);
  return spawnSync(engine, ['pull', '--quiet', image], { timeout: 5 * 60_000 }).status === 0;
}

function startContainer(engine: string, { home, ports, say }: RabbitOptions): Supervised {
  const name = containerName(home);
  spawnSync(engine, ['rm', '--force', name]);
  const publish = [`127.0.0.1:${ports.amqp}:5672`];
  if (ports.management !== undefined) {
    publish.push(`127.0.0.1:${ports.management}:15672`);
  }
  if (ports.metrics !== undefined) {
    publish.push(`127.0.0.1:${ports.metrics}:15692`);
  }
  return keepRunning(
    {
      name: 'rabbitmq',
      command: engine,
      args: [
        ...[
          'run',
          '--rm',
          '--name',
          name,
          '--hostname',
          'chandlery',
          '--volume',
          `${name}:/var/lib/rabbitmq`,
        ],
        ...publish.flatMap((port) => ['--publish', port]),
        image,
      ],
      env: process.env,
      logFile: join(home, 'log/rabbitmq.log'),
      recordsDir: join(home, 'running'),
    },
    say,
  );
}

/** Of the container and of the volume that holds its data. */
export function containerName(home: string): string {
  return `chandlery-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;
}
