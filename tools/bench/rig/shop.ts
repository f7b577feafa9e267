import { createLogger } from '../../../shared/observe/log';
import { type CheckoutName, type ParticipantName, perCheckoutService } from '../../../shared/services';
import { audit } from '../../audit/audit';
import { describeFindings } from '../../audit/report';
import { waitUntilEnded } from '../../chaos/verdict/ended';
import { openDatabases } from '../../support/databases';
import type { Groups } from '../measure/cpu';
import type { Databases, Environment } from './environment';
import { addHotItem, prepare } from './prepare';
import { assertRunning, type Replica, type ServiceOptions, startServices, stopServices } from './services';

/** What the books must show, according to the answers that the load got. */
export interface ExpectedBooks {
  /** Checkouts answered 200 since the shop was opened. */
  paid: number;
  /** Credit of each user and stock of each item at the last fill; units sold and credit spent since then. */
  filled: { credit: number; stock: number; units: number; spent: number };
}

/** A shop that the benchmark measures. */
export interface MeasuredShop {
  readonly urls: Record<CheckoutName, readonly string[]>;
  /** Where to read metrics; empty when they cannot be reached. */
  readonly internalUrls: readonly URL[];
  /** Processes whose processor time is counted separately; empty when they cannot be reached. */
  groups(): Groups;
  /** Call it after rows were replaced, before the next measurement. */
  prepare(): Promise<void>;
  /** Gives all new orders one item in common; undefined when only the public API can be reached. */
  addHotItem?(): Promise<void>;
  /** @throws Error that says what is wrong with the books */
  assertBalanced(expected: ExpectedBooks): Promise<void>;
  close(): Promise<void>;
}

const SETTLED_WITHIN_MS = 30_000;
/** Long enough to read a history of a million orders. */
const AUDIT_STATEMENT_MS = 600_000;
const silent = createLogger({ service: 'bench', level: 'silent', format: 'json' });

/** A shop that the benchmark starts itself, on databases that are dropped when it closes. */
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

  get urls(): Record<CheckoutName, readonly string[]> {
    return perCheckoutService((name) =>
      this.replicas.filter(({ service }) => service === name).map(({ url }) => url),
    );
  }

  get internalUrls(): readonly URL[] {
    return this.replicas.map(({ internalUrl }) => internalUrl);
  }

  /** Returns the addresses of each service's replicas, for a gateway. */
  addresses(): Record<CheckoutName, { urls: URL[]; internalUrls: URL[] }> {
    return perCheckoutService((name) => {
      const replicas = this.replicas.filter(({ service }) => service === name);
      return {
        urls: replicas.map(({ url }) => new URL(url)),
        internalUrls: replicas.map(({ internalUrl }) => internalUrl),
      };
    });
  }

  /** Returns the address of a service's first replica. */
  urlOf(service: ParticipantName): string {
    return this.replicas.find((replica) => replica.service === service)?.url ?? '';
  }

  /** Returns the process ids of a service's replicas. */
  pids(service: CheckoutName): number[] {
    const replicas = this.replicas.filter((replica) => replica.service === service);
    return replicas.map(({ program }) => program.child.pid as number);
  }

  groups(): Groups {
    const { postgres, rabbitmq } = this.environment.pids();
    return { ...perCheckoutService((name) => this.pids(name)), postgres: [postgres], rabbitmq: [rabbitmq] };
  }

  /** Starts the services again on the same databases. No other shop may run, because shops share the broker. */
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

  addHotItem(): Promise<void> {
    return addHotItem(this.databases.order);
  }

  /** Waits until nothing is in flight, then stops the services. */
  async stop(): Promise<void> {
    if (this.replicas.length === 0) {
      return;
    }
    await this.waitUntilSettled();
    await stopServices(this.replicas);
    this.replicas = [];
  }

  async waitUntilSettled(): Promise<void> {
    for (const replica of this.replicas) {
      assertRunning(replica);
    }
    const unended = await this.withBooks((books) =>
      waitUntilEnded(books, this.environment.amqpUrl, SETTLED_WITHIN_MS),
    );
    if (unended.length > 0) {
      throw new Error(
        `Something is still in flight after ${SETTLED_WITHIN_MS / 1_000} s:\n${describeFindings(unended)}`,
      );
    }
  }

  async assertBalanced({ paid }: ExpectedBooks): Promise<void> {
    await this.waitUntilSettled();
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

  /** How many paid sagas the shop's history has. */
  paidBefore = 0;

  async close(): Promise<void> {
    await stopServices(this.replicas);
    this.replicas = [];
    await this.drop();
  }

  private async withBooks<T>(work: (books: ReturnType<typeof openDatabases>) => Promise<T>): Promise<T> {
    const books = openDatabases('bench', this.databases, silent, AUDIT_STATEMENT_MS);
    try {
      return await work(books);
    } finally {
      await books.close();
    }
  }
}
