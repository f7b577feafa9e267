import { createLogger } from '../../../shared/observe/log';
import { perService, type ServiceName } from '../../../shared/services';
import { audit } from '../../audit/audit';
import { describeFindings } from '../../audit/report';
import { everythingEnds } from '../../chaos/verdict/ended';
import { openDatabases } from '../../support/databases';
import type { Groups } from '../measure/cpu';
import type { Databases, Environment } from './environment';
import { heat, prepare } from './prepare';
import { mustRun, type Replica, type ServiceOptions, startServices, stopServices } from './services';

/** What the buyers of a scenario were told, to be held against the books. */
export interface ToldBuyers {
  /** Checkouts answered 200 since the shop was opened. */
  paid: number;
  /** What users and items were given last, and since then the units and the money that were answered 200. */
  filled: { credit: number; stock: number; units: number; spent: number };
}

/** A shop under measurement. */
export interface MeasuredShop {
  readonly urls: Record<ServiceName, readonly string[]>;
  /** Where metrics are read; empty when they are out of reach. */
  readonly internalUrls: readonly URL[];
  /** Whose processor time is told apart; empty when the processes are out of reach. */
  groups(): Groups;
  /** Called when rows have been replaced, before anything is measured. */
  prepare(): Promise<void>;
  /** Gives every order that was just filled the same item; absent where only the public API is known. */
  heat?(): Promise<void>;
  /** @throws Error that says what is wrong with the books */
  mustBalance(told: ToldBuyers): Promise<void>;
  close(): Promise<void>;
}

const SETTLED_WITHIN_MS = 30_000;
/** There may be a history of a million orders to read. */
const AUDIT_STATEMENT_MS = 600_000;
const silent = createLogger({ service: 'bench', level: 'silent', format: 'json' });

/** A shop of our own, on databases that are dropped when it closes. */
export class LocalShop implements MeasuredShop {
  private constructor(
    readonly environment: Environment,
    readonly databases: Databases,
    private readonly drop: () => Promise<void>,
    private replicas: readonly Replica[],
  ) {}

  static async open(environment: Environment, options: ServiceOptions = {}): Promise<LocalShop> {
    const { urls, drop } = await environment.createDatabases();
    return new LocalShop(environment, urls, drop, await startServices(environment, urls, options));
  }

  get isRunning(): boolean {
    return this.replicas.length > 0;
  }

  get urls(): Record<ServiceName, readonly string[]> {
    return perService((name) =>
      this.replicas.filter(({ service }) => service === name).map(({ url }) => url),
    );
  }

  get internalUrls(): readonly URL[] {
    return this.replicas.map(({ internalUrl }) => internalUrl);
  }

  /** Processes of each service. */
  pids(service: ServiceName): number[] {
    const own = this.replicas.filter((replica) => replica.service === service);
    return own.map(({ program }) => program.child.pid as number);
  }

  groups(): Groups {
    const { postgres, rabbitmq } = this.environment.pids();
    return { ...perService((name) => this.pids(name)), postgres: [postgres], rabbitmq: [rabbitmq] };
  }

  /** Starts the services, on the same databases. No other shop may run, because they share a broker. */
  async start(options: ServiceOptions = {}): Promise<void> {
    this.replicas = await startServices(this.environment, this.databases, options);
  }

  async restart(options: ServiceOptions = {}): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  prepare(): Promise<void> {
    return prepare(this.environment, this.databases);
  }

  heat(): Promise<void> {
    return heat(this.databases.order);
  }

  /** Waits until nothing is in flight, and stops the services. */
  async stop(): Promise<void> {
    if (this.replicas.length === 0) {
      return;
    }
    await this.settled();
    await stopServices(this.replicas);
    this.replicas = [];
  }

  async settled(): Promise<void> {
    for (const replica of this.replicas) {
      mustRun(replica);
    }
    const unended = await this.withBooks((books) =>
      everythingEnds(books, this.environment.amqpUrl, SETTLED_WITHIN_MS),
    );
    if (unended.length > 0) {
      throw new Error(`Not everything has ended:\n${describeFindings(unended)}`);
    }
  }

  async mustBalance({ paid }: ToldBuyers): Promise<void> {
    await this.settled();
    const { findings, figures } = await this.withBooks((books) =>
      audit(books, { amqpUrl: this.environment.amqpUrl }),
    );
    if (findings.length > 0) {
      throw new Error(`The books do not balance:\n${describeFindings(findings)}`);
    }
    const booked = (figures.sagas.order.PAID ?? 0) - this.paidBefore;
    if (booked === paid) {
      return;
    }
    throw new Error(`The books do not balance: ${booked} checkouts are paid, but ${paid} were answered 200.`);
  }

  /** Sagas that were paid before the shop opened, when it was given a history. */
  paidBefore = 0;

  async close(): Promise<void> {
    await stopServices(this.replicas);
    this.replicas = [];
    await this.drop();
  }

  private async withBooks<T>(work: (books: ReturnType<typeof openDatabases>) => Promise<T>): Promise<T> {
    const books = openDatabases(this.databases, silent, AUDIT_STATEMENT_MS);
    try {
      return await work(books);
    } finally {
      await books.close();
    }
  }
}
