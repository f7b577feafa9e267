import { pagesNames } from '../../shared/pages';
import { type ServiceName, serviceNames } from '../../shared/services';
import { migrate } from '../deploy/migrate';
import { certificateOf } from '../support/certificates';
import { isTaken } from '../support/free-ports';
import { certificates, home, type Ports, type Replicas, rememberShop } from '../support/layout';
import { startPostgres } from '../support/postgres';
import { rotateLogs, type Stoppable, stopLeftovers } from '../support/process';
import { findRabbit, startRabbit } from '../support/rabbit';
import { takeLock } from '../support/run-lock';
import { restartOnChange } from './dev';
import { seed } from './seed';
import { readSettings, type Settings } from './settings';
import { gatewayAddress, startShop } from './shop';
import { welcome } from './welcome';

/** What is running, the last started first. A part is listed as soon as it has a process, long before it is ready. */
interface Run {
  readonly parts: Stoppable[];
  stopping: boolean;
}

/** One Ctrl-C arrives twice: from the terminal, and from npm, which passes it on. */
const ECHO_MS = 500;
/** Names of the servers in their certificate. */
const HOSTS = ['localhost', '127.0.0.1'];
const recordsDir = `${home}/running`;

async function main(): Promise<void> {
  const settings = readSettings();
  const run: Run = { parts: [], stopping: false };
  try {
    process.once('exit', takeLock(home));
    stopOnSignal(run);
    await start(settings, run);
  } catch (error) {
    // A part that is stopped before it is ready fails with "did not start", which is no error here.
    if (run.stopping) {
      return;
    }
    console.error((error as Error).message);
    await stopAll(run);
    process.exit(1);
  }
}

async function start({ access, host, replicas, ports, watch }: Settings, run: Run): Promise<void> {
  const started = (part: Stoppable) => void run.parts.unshift(part);
  const leftovers = await stopLeftovers(recordsDir);
  if (leftovers.length > 0) {
    say(`Stopped programs that a killed run had left behind: ${leftovers.join(', ')}.`);
  }
  rotateLogs(`${home}/log`);
  const found = await findRabbit(process.env.AMQP_URL);
  await checkPorts(replicas, ports, found === undefined);

  say('Starting PostgreSQL and RabbitMQ …');
  const databases = serviceNames.filter((name) => replicas[name] > 0);
  // Where people have accounts, it is as in production, so that what does not work there does not work here.
  const tls = access === 'required' ? await certificateOf(certificates, 'servers', HOSTS) : undefined;
  const postgresReady = startPostgres({ home, port: ports.postgres, databases, say, tls, started });
  const rabbitReady = found ?? startRabbit({ home, ports: ports.rabbit, say, tls, started });
  const [postgres, rabbit] = await settled([
    postgresReady.then((server) => migrateAll(server, databases)),
    rabbitReady,
  ]);
  if (run.stopping) {
    return;
  }

  say('Starting the services …');
  const { url: databaseUrl } = postgres;
  const shop = startShop({ access, host, ports, replicas, databaseUrl, amqpUrl: rabbit.amqpUrl, say });
  started(shop);
  await shop.ready();
  if (run.stopping) {
    return;
  }
  rememberShop({
    port: ports.gateway,
    speaksTls: { postgres: tls !== undefined, rabbit: rabbit.amqpUrl.startsWith('amqps:') },
  });
  await seed({ url: gatewayAddress(host, ports.gateway), port: ports.gateway, say });
  if (run.stopping) {
    return;
  }
  console.log(welcome({ access, host, ports, replicas, postgres, rabbit }));
  if (watch) {
    started(restartOnChange(shop.programs, say));
    say('Watching the sources: changes are compiled, and the programs that use them are restarted.');
  }
}

async function migrateAll<T extends { url(database: string): string }>(
  postgres: T,
  databases: readonly ServiceName[],
): Promise<T> {
  for (const service of databases) {
    await migrate(service, postgres.url(service), { say });
  }
  return postgres;
}

/**
 * Like Promise.all, but waits for all even if one fails: everything they start must be known, so that it can be
 * stopped.
 */
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
  if (withRabbit) {
    for (const port of Object.values(ports.rabbit)) {
      wanted.set(port, 'RabbitMQ');
    }
  }
  for (const name of serviceNames) {
    for (let replica = 0; replica < replicas[name]; replica++) {
      wanted.set(ports.service(name, replica), name);
      wanted.set(ports.internal(name, replica), `${name}'s internal port`);
    }
  }
  for (const name of pagesNames) {
    wanted.set(ports.pages(name), `the pages of ${name}`);
    wanted.set(ports.internalOfPages(name), `the internal port of the pages of ${name}`);
  }
  for (const [port, purpose] of wanted) {
    if (!(await isTaken(port))) {
      continue;
    }
    throw new Error(
      `Port ${port} is needed for ${purpose}, but another program is using it. Stop that program, ` +
        `or move the shop to other ports, for example: npm start -- --port ${ports.gateway + 200}`,
    );
  }
}

function stopOnSignal(run: Run): void {
  let firstAt: number | undefined;
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      run.stopping = true;
      console.log('\nStopping … (press Ctrl-C again to stop at once)');
      void stopAll(run).then(() => {
        console.log('Everything has stopped. The data is kept for the next "npm start".');
        process.exit(0);
      });
    } else if (Date.now() - firstAt > ECHO_MS) {
      for (const part of run.parts) {
        part.kill();
      }
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, onSignal);
  }
  // The terminal may be gone by the time we print to it.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {});
  }
}

/** Stops all parts, including those that are started while it runs. */
async function stopAll({ parts }: Run): Promise<void> {
  for (let [part] = parts; part !== undefined; [part] = parts) {
    await part.stop();
    parts.splice(parts.indexOf(part), 1);
  }
}

function say(text: string): void {
  console.log(text);
}

void main();
