// Starts the shop itself, given a database server and a broker: the services' replicas and the gateway in front of
// them.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PagesName, pagesNames } from '../../shared/pages';
import { root } from '../../shared/root';
import {
  callsOf,
  isParticipantName,
  perService,
  type ServiceName,
  serviceNames,
  services,
  variableOf,
} from '../../shared/services';
import { isReady } from '../support/is-ready';
import { home, type Ports, type Replicas, serviceFlags } from '../support/layout';
import { secretIn } from '../support/secret';
import { keepServing, type Supervised } from '../support/supervise';
import type { ShopProgram } from './dev';
import type { AccessMode } from './settings';

export interface ShopOptions {
  ports: Ports;
  replicas: Replicas;
  databaseUrl(service: ServiceName): string;
  amqpUrl: string;
  access: AccessMode;
  /** The address that the gateway listens on. */
  host: string;
  say(text: string): void;
}

const gatewayFile = join(root, 'dist/tools/gateway/main.js');
const pagesFile = join(root, 'dist/web/server/src/main.js');
const pagesStamp = join(root, 'web/dist/.stamp');
const serviceFile = (name: ServiceName) => join(root, `dist/${name}/src/main.js`);

/** Starts everything. `ready` resolves when every replica is ready. `stop` stops in the order in which requests come in. */
export function startShop(options: ShopOptions) {
  const replicas = perService((name) => startReplicas(name, options));
  const pages = pagesNames.map((name) => startPages(name, options));
  const gateway = startGateway(options);
  const programs: ShopProgram[] = [
    { supervised: gateway, file: gatewayFile },
    ...pages.map((supervised) => ({ supervised, file: pagesFile, stamp: pagesStamp })),
    ...serviceNames.flatMap((name) =>
      replicas[name].map((supervised) => ({ supervised, file: serviceFile(name) })),
    ),
  ];
  const stopAll = (names: readonly ServiceName[]) =>
    Promise.all(names.flatMap((name) => replicas[name].map((program) => program.stop())));
  const callers = serviceNames.filter((name) => callsOf(name).length > 0);
  const others = serviceNames.filter((name) => callsOf(name).length === 0);
  return {
    programs,
    ready: () => Promise.race([allReady(options), ...programs.map(({ supervised }) => supervised.refused)]),
    async stop() {
      await Promise.all([gateway, ...pages].map((program) => program.stop()));
      // The open requests of order end only while the services that decide about them still run.
      await stopAll(callers);
      await stopAll(others);
    },
    kill() {
      for (const { supervised } of programs) {
        supervised.kill();
      }
    },
  };
}

function startReplicas(service: ServiceName, options: ShopOptions): Supervised[] {
  const { ports, replicas, databaseUrl } = options;
  return indexes(replicas[service]).map((replica) =>
    startProcess(replica === 0 ? service : `${service}-${replica + 1}`, serviceFile(service), options, {
      PORT: String(ports.service(service, replica)),
      INTERNAL_PORT: String(ports.internal(service, replica)),
      DATABASE_URL: databaseUrl(service),
      ...(isParticipantName(service) ? settingsOfParticipant(options) : settingsOfAccount(options)),
      ...Object.fromEntries(
        callsOf(service).map((called) => [
          variableOf(called, 'URL'),
          // If there are several replicas, calls go through the gateway, which knows which ones are ready.
          address(replicas[called] === 1 ? ports.service(called, 0) : ports.gateway),
        ]),
      ),
    }),
  );
}

function settingsOfParticipant(options: ShopOptions): Record<string, string> {
  const { access, amqpUrl } = options;
  return {
    ...{ AMQP_URL: amqpUrl, ACCESS: access, BATCH_INIT: 'on' },
    ...(access === 'required' && { AUTH_ISSUER: issuerOf(options) }),
  };
}

/** The gateway is the proxy in front of it. */
function settingsOfAccount(options: ShopOptions): Record<string, string> {
  return {
    AUTH_SECRET: secretIn(join(home, 'auth-secret')),
    AUTH_ISSUER: issuerOf(options),
    FORWARDED_HOPS: '1',
  };
}

function startGateway(options: ShopOptions): Supervised {
  const { ports, replicas, host } = options;
  const running = serviceNames.filter((name) => replicas[name] > 0);
  const addresses = running.flatMap((name) => {
    const indices = indexes(replicas[name]);
    const listOf = (port: Ports['service']) => indices.map((replica) => address(port(name, replica))).join();
    return [
      [variableOf(name, 'URLS'), listOf(ports.service)],
      [variableOf(name, 'INTERNAL_URLS'), listOf(ports.internal)],
    ];
  });
  const settings = {
    HOST: host,
    GATEWAY_PORT: String(ports.gateway),
    PAGES_URL: address(ports.pages('storefront')),
    ...Object.fromEntries(addresses),
  };
  return startProcess('gateway', gatewayFile, options, settings);
}

/** The storefront is behind the gateway. Pages for staff are at a port of their own, which only this machine reaches. */
function startPages(name: PagesName, options: ShopOptions): Supervised {
  const { ports } = options;
  return startProcess(name, pagesFile, options, {
    PAGES: name,
    PORT: String(ports.pages(name)),
    INTERNAL_PORT: String(ports.internalOfPages(name)),
    ...(name !== 'storefront' && { API_URL: gatewayAddress(options.host, ports.gateway) }),
  });
}

function startProcess(
  name: string,
  file: string,
  { say }: ShopOptions,
  settings: NodeJS.ProcessEnv,
): Supervised {
  return keepServing(
    {
      name,
      command: process.execPath,
      args: [...serviceFlags, file],
      env: { ...process.env, HOST: '127.0.0.1', LOG_FORMAT: 'json', ...settings },
      logFile: join(home, 'log', `${name}.log`),
      recordsDir: join(home, 'running'),
    },
    say,
  );
}

async function allReady({ ports, replicas, host }: ShopOptions): Promise<void> {
  const internal = [
    ...serviceNames.flatMap((name) =>
      indexes(replicas[name]).map((replica) => ports.internal(name, replica)),
    ),
    ...pagesNames.map(ports.internalOfPages),
  ].map((port) => new URL(address(port)));
  await Promise.all(
    internal.map(async (url) => {
      while (!(await isReady(url))) {
        await sleep(50);
      }
    }),
  );
  // The gateway was started with them, and is ready as soon as it answers.
  while (
    !(await fetch(gatewayAddress(host, ports.gateway)).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    await sleep(50);
  }
}

/** What tokens name as their issuer: the address of account as clients know it. */
function issuerOf({ ports, host }: ShopOptions): string {
  return `${gatewayAddress(host === '127.0.0.1' ? 'localhost' : host, ports.gateway)}/${services.account.path}`;
}

/** Every address includes this machine's own. */
export function gatewayAddress(host: string, port: number): string {
  const reached = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function address(port: number): string {
  return `http://127.0.0.1:${port}`;
}
