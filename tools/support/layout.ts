import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PagesName, pages } from '../../shared/pages';
import { root } from '../../shared/root';
import { INTERNAL_PORTS, type ServiceName, services } from '../../shared/services';

/** Where a local run keeps its data, its logs and the records of running programs. CHANDLERY_HOME overrides it. */
export const home = process.env.CHANDLERY_HOME ?? join(root, '.chandlery');

/**
 * The Node.js flags of a service, as in its image. By default, V8 gives each young generation 32 MiB and more, which
 * costs 100 MiB and made whole checkouts no cheaper here. V8 also lets the old generation grow to four times what is in
 * use before it collects: with 1.75 times, order uses 180 MiB instead of 265, at the cost of a tenth more processor
 * time in order.
 */
export const serviceFlags = ['--enable-source-maps', '--max-semi-space-size=16', '--heap-growing-percent=75'];

export type Replicas = Record<ServiceName, number>;

/** The gateway's default port. */
export const STANDARD_PORT = 8_000;

/**
 * Replica k of a service, counted from 0, listens 10 × k ports above the service's first port: there is room for nine.
 */
export const MAX_REPLICAS = 9;

/**
 * Derives every port from the gateway's. With 8000: order 8001, payment 8002, stock 8003, account 8005, catalog 8006; their further
 * replicas 8011, 8012, 8013, 8015, 8016 and so on; the pages of admin 8007 and of the storefront 8008; internal ports 1000 above
 * these; PostgreSQL 8100; RabbitMQ 8101 to 8103.
 */
export function portsFrom(gateway: number) {
  const service = (name: ServiceName, replica: number) =>
    gateway + services[name].port - STANDARD_PORT + 10 * replica;
  const ofPages = (name: PagesName) => gateway + pages[name].port - STANDARD_PORT;
  return {
    gateway,
    service,
    internal: (name: ServiceName, replica: number) => service(name, replica) + INTERNAL_PORTS,
    pages: ofPages,
    internalOfPages: (name: PagesName) => ofPages(name) + INTERNAL_PORTS,
    postgres: gateway + 100,
    rabbit: { amqp: gateway + 101, distribution: gateway + 102, epmd: gateway + 103 },
  };
}
export type Ports = ReturnType<typeof portsFrom>;

/** Where the certificates of PostgreSQL and RabbitMQ are. */
export const certificates = join(home, 'certificates');
const shopFile = join(home, 'shop.json');

/** What the demo and the operators' commands need to know to find a shop. */
export interface LocalShop {
  /** The gateway's port, from which the others follow. */
  readonly port: number;
  readonly speaksTls: { readonly postgres: boolean; readonly rabbit: boolean };
}

export function rememberShop(shop: LocalShop): void {
  writeFileSync(`${shopFile}.new`, JSON.stringify(shop));
  renameSync(`${shopFile}.new`, shopFile);
}

/** Returns what the last start remembered. */
export function rememberedShop(): LocalShop {
  const standard = { port: STANDARD_PORT, speaksTls: { postgres: false, rabbit: false } };
  return existsSync(shopFile)
    ? { ...standard, ...(JSON.parse(readFileSync(shopFile, 'utf8')) as LocalShop) }
    : standard;
}
