// The shop itself, given a database server and a broker: the services' replicas, and the gateway before them.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../shared/root';
import { isReady } from '../support/is-ready';
import {
  home,
  type Ports,
  type Replicas,
  type ServiceName,
  serviceFlags,
  serviceNames,
} from '../support/layout';
import { keepServing, type Supervised } from '../support/supervise';

export interface Surroundings {
  ports: Ports;
  replicas: Replicas;
  databaseUrl(service: ServiceName): string;
  amqpUrl: string;
  say(text: string): void;
}

/** Starts everything; `ready` resolves when every replica is. Stops in the order in which requests come in. */
export function startShop(surroundings: Surroundings) {
  const groups = {
    stock: startReplicas('stock', surroundings),
    payment: startReplicas('payment', surroundings),
    order: startReplicas('order', surroundings),
    gateway: [startGateway(surroundings)],
  };
  const stopAll = (programs: Supervised[]) => Promise.all(programs.map((program) => program.stop()));
  return {
    ready: () =>
      Promise.race([
        allReady(surroundings),
        ...Object.values(groups).flatMap((all) => all.map((one) => one.refused)),
      ]),
    async stop() {
      await stopAll(groups.gateway);
      await stopAll(groups.order);
      await stopAll([...groups.payment, ...groups.stock]);
    },
    kill() {
      for (const program of Object.values(groups).flat()) program.kill();
    },
  };
}

function startReplicas(service: ServiceName, surroundings: Surroundings): Supervised[] {
  const { ports, replicas, databaseUrl, amqpUrl } = surroundings;
  return indexes(replicas[service]).map((replica) =>
    startNode(replica === 0 ? service : `${service}-${replica + 1}`, `${service}/src/main.js`, surroundings, {
      PORT: String(ports.service(service, replica)),
      INTERNAL_PORT: String(ports.internal(service, replica)),
      DATABASE_URL: databaseUrl(service),
      AMQP_URL: amqpUrl,
      // Several replicas of stock are reached through the gateway, which knows those that are ready.
      STOCK_URL: address(replicas.stock === 1 ? ports.service('stock', 0) : ports.gateway),
      BATCH_INIT: 'on',
    }),
  );
}

function startGateway(surroundings: Surroundings): Supervised {
  const { ports, replicas } = surroundings;
  const addresses = serviceNames.flatMap((name) => {
    const all = indexes(replicas[name]);
    return [
      [`${name.toUpperCase()}_URLS`, all.map((replica) => address(ports.service(name, replica))).join()],
      [
        `${name.toUpperCase()}_INTERNAL_URLS`,
        all.map((replica) => address(ports.internal(name, replica))).join(),
      ],
    ];
  });
  const settings = { GATEWAY_PORT: String(ports.gateway), ...Object.fromEntries(addresses) };
  return startNode('gateway', 'tools/gateway/main.js', surroundings, settings);
}

function startNode(
  name: string,
  program: string,
  { say }: Surroundings,
  settings: NodeJS.ProcessEnv,
): Supervised {
  return keepServing(
    {
      name,
      command: process.execPath,
      args: [...serviceFlags, join(root, 'dist', program)],
      env: { ...process.env, HOST: '127.0.0.1', LOG_FORMAT: 'json', ...settings },
      logFile: join(home, 'log', `${name}.log`),
      recordsDir: join(home, 'running'),
    },
    say,
  );
}

async function allReady({ ports, replicas }: Surroundings): Promise<void> {
  const internal = serviceNames.flatMap((name) =>
    indexes(replicas[name]).map((replica) => new URL(address(ports.internal(name, replica)))),
  );
  await Promise.all(
    internal.map(async (url) => {
      while (!(await isReady(url))) await sleep(50);
    }),
  );
  // The gateway has been started beside them, and is ready once it answers at all.
  while (
    !(await fetch(address(ports.gateway)).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await sleep(50);
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function address(port: number): string {
  return `http://127.0.0.1:${port}`;
}
