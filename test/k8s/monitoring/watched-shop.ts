import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { Client } from 'pg';
import type { PagesName } from '../../../shared/pages';
import { exchangeOf } from '../../../shared/rabbit/topology';
import { type ParticipantName, participantNames } from '../../../shared/services';
import { databaseVariables } from '../../../tools/support/addresses';
import { freePorts } from '../../../tools/support/free-ports';
import type { ApiAnswer, ApiClient } from '../../support/api-client';
import { query } from '../../support/books';
import { ShopProcesses } from '../../support/shop';
import { program } from './programs';
import { Prometheus, Running } from './prometheus';
import { followPrimary } from './replica';

/** A working shop and everything that watches it, all of it real. */
export class WatchedShop {
  /** Ids that must not show up in metrics. */
  readonly orders: string[] = [];
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    private readonly shop: ShopProcesses,
    private readonly api: ApiClient,
  ) {
    this.closing.push(
      () => shop.close(),
      () => api.close(),
    );
  }

  private started: Prometheus | undefined;

  get prometheus(): Prometheus {
    if (this.started === undefined) {
      throw new Error('Prometheus was not started');
    }
    return this.started;
  }

  static async open(): Promise<WatchedShop> {
    const shop = await ShopProcesses.open({
      services: participantNames,
      env: { order: { ANSWER_WITHIN_MS: '1500' } },
    });
    const watched = new WatchedShop(shop, shop.client());
    try {
      await watched.watch();
      await watched.parkMalformedMessage();
      await watched.keepBuyerWaiting();
    } catch (error) {
      await watched.close();
      throw error;
    }
    return watched;
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) {
      await close();
    }
  }

  /** Sells until `missing` returns an empty list, for at most 45 s. Returns its last result. */
  async sellUntilNoneIsLeft(missing: () => Promise<string[]>): Promise<string[]> {
    for (const end = Date.now() + 45_000; ; await sleep(200)) {
      await this.buyOneOfEach();
      const left = await missing();
      if (left.length === 0 || Date.now() > end) {
        return left;
      }
    }
  }

  /** One checkout of each kind: paid, out of stock, and refused for lack of credit, so that stock releases units. */
  private async buyOneOfEach(): Promise<void> {
    const { api, orders } = this;
    const [rich, poor, plenty, none] = await Promise.all([
      api.user(100),
      api.user(1),
      api.item(10, 100),
      api.item(10, 0),
    ]);
    const wanted = [
      [rich, plenty, 200],
      [rich, none, 409],
      [poor, plenty, 409],
    ] as const;
    await Promise.all([
      // Somebody else looks around.
      api.get('/catalog/products'),
      ...wanted.map(async ([user, item, status]) => {
        const order = await api.order(user, { [item]: 1 });
        orders.push(order);
        const answer = await api.checkout(order);
        // On a busy machine a checkout may take longer than these buyers wait.
        if (answer.status !== status && answer.status !== 202) {
          throw new Error(`a checkout was answered ${answer.status} instead of ${status}`);
        }
      }),
    ]);
  }

  private async watch(): Promise<void> {
    const [auditor, exporter, storefront, admin] = await Promise.all([
      this.startAuditor(),
      this.startExporter(),
      this.startPages('storefront'),
      this.startPages('admin'),
    ]);
    const service = (name: ParticipantName) =>
      this.shop.of(name).map(({ internalUrl }) => new URL(internalUrl).host);
    const prometheus = await Prometheus.start({
      services: {
        order: service('order'),
        payment: service('payment'),
        stock: service('stock'),
        catalog: service('catalog'),
        storefront: [storefront],
        admin: [admin],
        auditor: [auditor],
      },
      rabbitmq: { rabbitmq: [new URL(process.env.TEST_RABBIT_METRICS ?? '').host] },
      databases: { 'order-db': [exporter] },
    });
    this.started = prometheus;
    this.closing.push(() => prometheus.stop());
  }

  private async parkMalformedMessage(): Promise<void> {
    const connection = await connect(this.shop.amqp);
    const channel = await connection.createConfirmChannel();
    channel.publish(exchangeOf('payment'), 'payment.captured', Buffer.from('no event'));
    await channel.waitForConfirms();
    await connection.close();
  }

  /**
   * Pauses payment for longer than the shop lets a buyer wait. One buyer waits in vain, one does not want to wait, and
   * one goes away.
   */
  async keepBuyerWaiting(): Promise<void> {
    const { api, shop } = this;
    const [user, item] = [await api.user(100), await api.item(1, 3)];
    const [patient, hurried, leaver] = await Promise.all([1, 2, 3].map(() => api.order(user, { [item]: 1 })));
    const [payment, order] = [shop.one('payment'), shop.one('order')];
    payment.process.kill('SIGSTOP');
    try {
      const leaving = fetch(`${order.url}/orders/checkout/${leaver}`, {
        method: 'POST',
        signal: AbortSignal.timeout(500),
      });
      const answers = await Promise.all([
        api.checkout(patient as string),
        api.checkout(hurried as string, { Prefer: 'respond-async' }),
        leaving.catch(() => ({ status: 202 })),
      ]);
      const ended = answers.filter(({ status }) => status !== 202);
      if (ended.length > 0) {
        throw new Error(`checkouts ended without payment: ${JSON.stringify(ended)}`);
      }
    } finally {
      payment.process.kill('SIGCONT');
    }
  }

  /** Checks out an order while somebody holds the table of orders, and returns the answer. */
  async checkOutLocked(): Promise<ApiAnswer> {
    const { api, shop } = this;
    const order = await api.order(await api.user(100), { [await api.item(1, 1)]: 1 });
    const stranger = new Client({ connectionString: shop.databases.order });
    await stranger.connect();
    try {
      await stranger.query('BEGIN');
      await stranger.query('LOCK TABLE orders IN SHARE MODE');
      return await api.checkout(order);
    } finally {
      await stranger.end();
    }
  }

  /** Reads a counter without labels from order itself, whatever Prometheus has scraped. */
  async counterOfOrder(name: string): Promise<number> {
    const page = await (await fetch(`${this.shop.one('order').internalUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(page)?.[1]);
  }

  private async startAuditor(): Promise<string> {
    const [port] = await freePorts(1);
    const folder = await mkdtemp(join(tmpdir(), 'chandlery-auditor-'));
    const auditor = Running.start(folder, process.execPath, ['dist/tools/audit/main.js', '--watch'], {
      ...databaseVariables(this.shop.databases),
      AMQP_URL: this.shop.amqp,
      HOST: '127.0.0.1',
      AUDIT_PORT: String(port),
      AUDIT_INTERVAL_MS: '2000',
      LOG_FORMAT: 'json',
    });
    this.closing.push(() => auditor.stop());
    await auditor.waitUntilReady(`http://127.0.0.1:${port}/readyz`);
    return `127.0.0.1:${port}`;
  }

  private async startPages(name: PagesName): Promise<string> {
    const [port, internalPort] = await freePorts(2);
    const folder = await mkdtemp(join(tmpdir(), `chandlery-${name}-`));
    const pages = Running.start(folder, process.execPath, ['dist/web/server/src/main.js'], {
      PAGES: name,
      HOST: '127.0.0.1',
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
      LOG_FORMAT: 'json',
    });
    this.closing.push(() => pages.stop());
    await pages.waitUntilReady(`http://127.0.0.1:${internalPort}/readyz`);
    return `127.0.0.1:${internalPort}`;
  }

  /** Starts the exporter with the rights that its role has in a cluster, and with a replica to report on. */
  private async startExporter(): Promise<string> {
    const admin = process.env.TEST_POSTGRES_URL ?? '';
    const database = new URL(this.shop.databases.order);
    const role = database.pathname.replace('/order', 'exporter');
    await query(admin, `CREATE ROLE ${role} LOGIN PASSWORD '${role}' IN ROLE pg_monitor`);
    const disconnect = await followPrimary(admin, 'replica-of-a-test');
    this.closing.push(async () => {
      await disconnect();
      await query(admin, `DROP ROLE ${role}`);
    });
    const [port] = await freePorts(1);
    const folder = await mkdtemp(join(tmpdir(), 'chandlery-exporter-'));
    const flags = [`--web.listen-address=127.0.0.1:${port}`];
    const exporter = Running.start(folder, await program('prometheus-postgres-exporter'), flags, {
      DATA_SOURCE_URI: `${database.host}${database.pathname}?sslmode=disable`,
      DATA_SOURCE_USER: role,
      DATA_SOURCE_PASS: role,
    });
    this.closing.push(() => exporter.stop());
    await exporter.waitUntilReady(`http://127.0.0.1:${port}/metrics`);
    return `127.0.0.1:${port}`;
  }
}
