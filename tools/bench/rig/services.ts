import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../../shared/root';
import { callsOf, checkoutNames, type ParticipantName, variableOf } from '../../../shared/services';
import { freePorts } from '../../support/free-ports';
import { isReady } from '../../support/is-ready';
import { serviceFlags } from '../../support/layout';
import { endOf, type Program, startProgram } from '../../support/process';
import type { Databases, Environment } from './environment';

export interface Replica {
  readonly service: ParticipantName;
  readonly name: string;
  readonly url: string;
  readonly internalUrl: URL;
  readonly program: Program;
  readonly logFile: string;
}

const READY_WITHIN_MS = 60_000;
const loopback = (port: number) => `http://127.0.0.1:${port}`;

export interface ServiceOptions {
  /** By default those that a checkout goes through. */
  services?: readonly ParticipantName[];
  /** How many replicas of each service. */
  replicas?: number;
  /** More settings of all services. */
  env?: Readonly<Record<string, string>>;
  /** Flags for node, by the name of the replica. */
  flags?(name: string): readonly string[];
}

/**
 * Starts replicas of each service with the same settings as in `npm start`: logs at info into files, metrics,
 * validation. Resolves when all are ready.
 */
export async function startServices(
  environment: Environment,
  databases: Databases,
  { services: names = checkoutNames, replicas: count = 1, env = {}, flags = () => [] }: ServiceOptions = {},
): Promise<Replica[]> {
  const ports = await freePorts(names.length * count * 2);
  const takePort = () => ports.pop() as number;
  const portsOf = new Map(names.map((name) => [name, Array.from({ length: count }, takePort)]));
  const portOf = (name: ParticipantName, i = 0) => portsOf.get(name)?.[i] as number;
  const replicas = names.flatMap((service) =>
    Array.from({ length: count }, (_, i) => {
      const name = count === 1 ? service : `${service}-${i + 1}`;
      const port = portOf(service, i);
      const internal = takePort();
      const logFile = join(environment.home, 'log', `${name}.log`);
      const program = startProgram({
        name,
        command: process.execPath,
        args: [...serviceFlags, ...flags(name), join(root, 'dist', service, 'src/main.js')],
        env: {
          HOST: '127.0.0.1',
          LOG_FORMAT: 'json',
          PORT: String(port),
          INTERNAL_PORT: String(internal),
          DATABASE_URL: databases[service],
          AMQP_URL: environment.amqpUrl,
          ...Object.fromEntries(
            callsOf(service).map((called) => [variableOf(called, 'URL'), loopback(portOf(called))]),
          ),
          ACCESS: 'open',
          BATCH_INIT: 'on',
          ...env,
        },
        logFile,
        recordsDir: join(environment.home, 'running'),
      });
      return {
        service,
        name,
        program,
        logFile,
        url: loopback(port),
        internalUrl: new URL(loopback(internal)),
      };
    }),
  );
  await Promise.all(replicas.map(waitUntilReady));
  return replicas;
}

async function waitUntilReady(replica: Replica): Promise<void> {
  for (const end = Date.now() + READY_WITHIN_MS; !(await isReady(replica.internalUrl)); await sleep(50)) {
    assertRunning(replica);
    if (Date.now() > end) {
      throw new Error(`${replica.name} was not ready within a minute.`);
    }
  }
}

/** @throws Error with the end of its log when the replica is not running */
export function assertRunning({ program, name, logFile }: Replica): void {
  if (program.isRunning()) {
    return;
  }
  throw new Error(`${name} ended unexpectedly:\n${endOf(logFile)}`);
}

export async function stopServices(replicas: readonly Replica[]): Promise<void> {
  await Promise.all(replicas.map(({ program }) => program.stop()));
}
