import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { callsOf, checkoutNames, type ParticipantName, variableOf } from '../../shared/services';
import { freePorts } from '../../tools/support/free-ports';
import { ApiClient } from './api-client';
import { auditNow } from './audit';
import { createDatabases, createVhost } from './servers';

/**
 * A whole shop of real processes, with a database per service and its own virtual host. Tests of the saga run it, break
 * it and mend it.
 */

export interface Replica {
  readonly service: ParticipantName;
  readonly url: string;
  readonly internalUrl: string;
  readonly logFile: string;
  process: ChildProcess;
}

export interface ShopOptions {
  /** The virtual host, if the test needs it before the shop opens. */
  amqp?: string;
  /** The databases, if the test needs them before the shop opens. */
  databases?: Record<ParticipantName, string>;
  /** The services that it has; by default those that a checkout goes through. */
  services?: readonly ParticipantName[];
  replicas?: Partial<Record<ParticipantName, number>>;
  /** More settings of the services, such as shorter deadlines. */
  env?: Partial<Record<ParticipantName | 'all', Record<string, string>>>;
  /** Which Node.js runs the compiled services, in which folder and as which user; by default those of this test. */
  spawn?: (service: ParticipantName) => { node: string; cwd: string; uid?: number; gid?: number };
}

export class ShopProcesses {
  readonly replicas: Replica[] = [];

  private constructor(
    readonly databases: Record<ParticipantName, string>,
    readonly amqp: string,
    private readonly logs: string,
    private readonly options: ShopOptions,
  ) {}

  static async open(options: ShopOptions = {}): Promise<ShopProcesses> {
    const [databases, amqp] = await Promise.all([
      options.databases ?? createDatabases(),
      options.amqp ?? createVhost(),
    ]);
    const shop = new ShopProcesses(
      databases,
      amqp,
      await mkdtemp(join(tmpdir(), 'chandlery-shop-')),
      options,
    );
    const wanted = (options.services ?? checkoutNames).flatMap((name) =>
      Array<ParticipantName>(options.replicas?.[name] ?? 1).fill(name),
    );
    const ports = await freePorts(wanted.length * 2);
    const urlOf = (name: ParticipantName) => `http://127.0.0.1:${ports[wanted.indexOf(name) * 2]}`;
    for (const [i, service] of wanted.entries()) {
      const [port, internal] = [ports[i * 2] as number, ports[i * 2 + 1] as number];
      const url = `http://127.0.0.1:${port}`;
      const logFile = join(shop.logs, `${service}-${i}.log`);
      const start = () => shop.spawn(service, { port, internal, urlOf, logFile });
      shop.replicas.push({
        service,
        url,
        internalUrl: `http://127.0.0.1:${internal}`,
        logFile,
        process: start(),
      });
      shop.starters.push(start);
    }
    await shop.ready().catch(async (error) => {
      await shop.close();
      throw error;
    });
    return shop;
  }

  private readonly starters: (() => ChildProcess)[] = [];

  private spawn(
    service: ParticipantName,
    {
      port,
      internal,
      urlOf,
      logFile,
    }: { port: number; internal: number; urlOf(service: ParticipantName): string; logFile: string },
  ): ChildProcess {
    const log = openSync(logFile, 'a');
    const { node = process.execPath, ...where } = this.options.spawn?.(service) ?? {};
    return spawn(node, ['--enable-source-maps', `dist/${service}/src/main.js`], {
      ...where,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        INTERNAL_PORT: String(internal),
        DATABASE_URL: this.databases[service],
        AMQP_URL: this.amqp,
        ...Object.fromEntries(callsOf(service).map((called) => [variableOf(called, 'URL'), urlOf(called)])),
        ACCESS: 'open',
        BATCH_INIT: 'on',
        LOG_FORMAT: 'json',
        ...this.options.env?.all,
        ...this.options.env?.[service],
      },
    });
  }

  /** Resolves when every given replica is ready. */
  async ready(replicas = this.replicas): Promise<void> {
    for (const replica of replicas) {
      for (const end = Date.now() + 60_000; ; await sleep(25)) {
        const answer = await fetch(`${replica.internalUrl}/readyz`).catch(() => undefined);
        if (answer?.status === 200) {
          break;
        }
        const ended = replica.process.exitCode ?? replica.process.signalCode;
        if (ended !== null || Date.now() > end) {
          throw new Error(
            `${replica.service} did not become ready (${ended ?? 'still starting'}):\n${logOf(replica)}`,
          );
        }
      }
    }
  }

  /** Returns the replicas of one service, or of all. */
  of(service?: ParticipantName): Replica[] {
    return this.replicas.filter((replica) => service === undefined || replica.service === service);
  }

  /** Returns the first replica of a service, which in most tests is its only one. */
  one(service: ParticipantName): Replica {
    const [replica] = this.of(service);
    if (replica === undefined) {
      throw new Error(`there is no ${service} service`);
    }
    return replica;
  }

  /**
   * Returns a client that calls each service's replicas in turn.
   * @param always headers of every request
   */
  client(
    instead: Partial<Record<ParticipantName, string[]>> = {},
    always: Readonly<Record<string, string>> = {},
  ): ApiClient {
    return new ApiClient(
      (service) => instead[service] ?? this.of(service).map((replica) => replica.url),
      always,
    );
  }

  /** Queries a service's database. */
  async rows<Row extends QueryResultRow>(
    service: ParticipantName,
    sql: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    const client = new Client({ connectionString: this.databases[service] });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends a replica's process, and resolves when it has exited. */
  async end(replica: Replica, signal: NodeJS.Signals): Promise<void> {
    if (replica.process.exitCode !== null || replica.process.signalCode !== null) {
      return;
    }
    const exited = once(replica.process, 'exit');
    replica.process.kill(signal);
    await exited;
  }

  /** Starts a replica that has ended, on the same ports. */
  start(replica: Replica): void {
    const starter = this.starters[this.replicas.indexOf(replica)];
    if (starter) {
      replica.process = starter();
    }
  }

  /** Resolves when nothing is in flight and the books balance; rejects with the findings if that takes too long. */
  async balances(withinMs = 30_000): Promise<void> {
    for (const end = Date.now() + withinMs; ; await sleep(50)) {
      try {
        return await auditNow({ ...this.databases, amqp: this.amqp });
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => this.end(replica, 'SIGTERM')));
  }
}

function logOf(replica: Replica): string {
  return readFileSync(replica.logFile, 'utf8').split('\n').slice(-30).join('\n');
}
