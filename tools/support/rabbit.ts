import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from '../../shared/rabbit/probe';
import { amqpTrust, type ServerCertificate } from './certificates';
import { endOf, type Stoppable } from './process';
import { type RabbitPorts, startNode } from './rabbit-node';
import { containerEngine, olderRabbit, preferredRabbit, type RabbitPrograms } from './rabbit-programs';
import { keepRunning, type Supervised } from './supervise';

export interface Rabbit {
  amqpUrl: string;
  /** What was found or started, in words for the user. */
  description: string;
  stop(): Promise<void>;
  /** For a broker whose data is no longer needed, or for a user who pressed Ctrl-C again. */
  kill(): void;
}

export interface RabbitOptions {
  /** All files are kept below this folder. */
  home: string;
  ports: RabbitPorts;
  say(text: string): void;
  /** With it, a broker that is no container speaks TLS alone. */
  tls?: ServerCertificate | undefined;
  /** Called as soon as there is a process to stop, before it accepts connections. */
  started?(broker: Stoppable): void;
}

const credentials = 'guest:guest';
const image = 'rabbitmq:4-management';

/** Finds a broker that already runs: the one that AMQP_URL names, or one on the default port that accepts our login. */
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
      'Start it, correct the address, or unset AMQP_URL: then a broker is found or started for you.',
  );
}

/** Starts a private broker with what this machine has available. */
export async function startRabbit(options: RabbitOptions): Promise<Rabbit> {
  const { broker, trust } = await startBroker(options);
  const { stop, kill } = broker;
  options.started?.(broker);
  const at = `${credentials}@127.0.0.1:${options.ports.amqp}`;
  const amqpUrl = trust === undefined ? `amqp://${at}` : `amqps://${at}${amqpTrust(trust)}`;
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

/** Quorum queues can dead-letter "at least once" only since 3.10. */
function requireVersion(description: string): void {
  const [major = 0, minor = 0] = (/[\d.]+/.exec(description)?.[0] ?? '').split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 10)) {
    return;
  }
  throw new Error(
    `Chandlery needs RabbitMQ 3.10 or newer, but this machine has ${description}. Update it, or stop it and remove ` +
      'it from the PATH, or set AMQP_URL to a newer broker.',
  );
}

interface Started {
  readonly broker: Supervised;
  /** The authority's file, if the broker speaks TLS. */
  readonly trust?: string | undefined;
}

async function startBroker(options: RabbitOptions): Promise<Started> {
  const { home, ports, say, tls } = options;
  const start = (programs: RabbitPrograms) => ({
    broker: startNode(programs, home, ports, say, { tls }),
    trust: tls?.authorityFile,
  });
  const preferred = await preferredRabbit(say);
  if (preferred !== undefined) {
    return start(preferred);
  }
  const engine = containerEngine();
  if (engine !== undefined && hasImage(engine, say)) {
    return { broker: startContainer(engine, options) };
  }
  const attempt = await olderRabbit(say).catch((error: Error) => error);
  if (attempt !== undefined && !(attempt instanceof Error)) {
    return start(attempt);
  }
  const failure = attempt === undefined ? '' : ` (downloading it failed: ${attempt.message.trim()})`;
  throw new Error(
    `There is no RabbitMQ on this machine${failure}. ` +
      'Do one of these: install it ' +
      '("sudo apt-get install rabbitmq-server", "sudo dnf install rabbitmq-server" or "brew install rabbitmq"); start ' +
      `a container engine (docker or podman) that can pull ${image}; or set AMQP_URL to a broker, 3.10 or newer.`,
    { cause: attempt },
  );
}

function hasImage(engine: string, say: (text: string) => void): boolean {
  if (spawnSync(engine, ['image', 'inspect', image]).status === 0) {
    return true;
  }
  say(`Pulling the container image ${image} …`);
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

/** Returns the name of the container and of the volume with its data. */
export function containerName(home: string): string {
  return `chandlery-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;
}
