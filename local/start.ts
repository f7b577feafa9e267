import { parseArgs } from 'node:util';
import { migrate } from '../shared/postgres/migrate';
import {
  home,
  maxReplicas,
  type Ports,
  portsFrom,
  type Replicas,
  rememberPort,
  serviceNames,
} from './layout';
import { takeLock } from './lock';
import { isTaken } from './ports';
import { startPostgres } from './postgres';
import { rotateLogs, stopLeftovers } from './process';
import { findRabbit, startRabbit } from './rabbit';
import { startShop } from './shop';
import { welcome } from './welcome';

interface Stoppable {
  stop(): Promise<unknown>;
  kill(): void;
}

const usage = `Usage: npm start -- [--replicas N] [--order N] [--payment N] [--stock N] [--port 8000]
  --replicas N   replicas of each service, 1 to ${maxReplicas}; --order, --payment and --stock set those of one service
  --port N       the gateway's port, which all others follow (N+1 to N+103, N+1001 to N+1083)`;
/** One Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const echoMs = 500;
const recordsDir = `${home}/running`;

async function main(): Promise<void> {
  const { replicas, ports } = readArguments();
  const started: Stoppable[] = [];
  try {
    process.once('exit', takeLock(home));
    stopOnSignal(started);
    await start(replicas, ports, started);
  } catch (error) {
    console.error((error as Error).message);
    await stopAll(started);
    process.exit(1);
  }
}

async function start(replicas: Replicas, ports: Ports, started: Stoppable[]): Promise<void> {
  const keep = <T extends Stoppable>(part: T): T => {
    started.unshift(part);
    return part;
  };
  const leftovers = await stopLeftovers(recordsDir);
  if (leftovers.length > 0) say(`Stopped what a killed run had left behind: ${leftovers.join(', ')}.`);
  rotateLogs(`${home}/log`);
  const found = await findRabbit(process.env.AMQP_URL);
  await checkPorts(replicas, ports, found === undefined);

  say('Starting PostgreSQL and RabbitMQ …');
  const postgresReady = startPostgres({ home, port: ports.postgres, databases: serviceNames, say }).then(
    keep,
  );
  const rabbitReady = found ?? startRabbit({ home, ports: ports.rabbit, say }).then(keep);
  const [postgres, rabbit] = await settled([postgresReady.then(migrateAll), rabbitReady]);

  say('Starting the services …');
  const { url: databaseUrl } = postgres;
  const shop = keep(startShop({ ports, replicas, databaseUrl, amqpUrl: rabbit.amqpUrl, say }));
  await shop.ready();
  rememberPort(ports.gateway);
  console.log(welcome({ ports, replicas, postgres, rabbit }));
}

async function migrateAll<T extends { url(database: string): string }>(postgres: T): Promise<T> {
  for (const service of serviceNames) await migrate(service, postgres.url(service));
  return postgres;
}

/** As Promise.all, but an error waits for the others: what they start meanwhile must be known to be stopped. */
async function settled<T extends readonly unknown[]>(
  promises: T,
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as { [K in keyof T]: Awaited<T[K]> };
}

async function checkPorts(replicas: Replicas, ports: Ports, withRabbit: boolean): Promise<void> {
  const wanted = new Map([
    [ports.gateway, 'the gateway'],
    [ports.postgres, 'PostgreSQL'],
  ]);
  if (withRabbit) for (const port of Object.values(ports.rabbit)) wanted.set(port, 'RabbitMQ');
  for (const name of serviceNames) {
    for (let replica = 0; replica < replicas[name]; replica++) {
      wanted.set(ports.service(name, replica), name);
      wanted.set(ports.internal(name, replica), `${name}'s internal port`);
    }
  }
  for (const [port, user] of wanted) {
    if (!(await isTaken(port))) continue;
    throw new Error(
      `Port ${port}, wanted for ${user}, is taken by another program. Stop that program, ` +
        `or use other ports for everything, for example: npm start -- --port ${ports.gateway + 200}`,
    );
  }
}

function readArguments(): { replicas: Replicas; ports: Ports } {
  try {
    const text = { type: 'string' } as const;
    const options = { replicas: text, order: text, payment: text, stock: text, port: text };
    const { values } = parseArgs({ options });
    const count = (value = '1') => whole(value, 1, maxReplicas);
    const replicas = {
      order: count(values.order ?? values.replicas),
      payment: count(values.payment ?? values.replicas),
      stock: count(values.stock ?? values.replicas),
    };
    return { replicas, ports: portsFrom(whole(values.port ?? '8000', 1024, 64_000)) };
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

function whole(value: string, least: number, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`"${value}" is not a whole number from ${least} to ${most}.`);
}

function stopOnSignal(started: Stoppable[]): void {
  let firstAt: number | undefined;
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      console.log('\nStopping … (Ctrl-C again to hurry)');
      void stopAll(started).then(() => process.exit(0));
    } else if (Date.now() - firstAt > echoMs) {
      for (const part of started) part.kill();
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  // The terminal may be gone by the time we have something to say to it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

async function stopAll(started: Stoppable[]): Promise<void> {
  for (const part of started) await part.stop();
}

function say(text: string): void {
  console.log(text);
}

void main();
