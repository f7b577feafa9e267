import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../shared/root';
import { INTERNAL_PORTS, type ServiceName, services } from '../../shared/services';

/** Where a local run keeps its data, its logs and the record of what is running; CHANDLERY_HOME names another place. */
export const home = process.env.CHANDLERY_HOME ?? join(root, '.chandlery');

/**
 * What a service is started with, as in its image. V8 would give each young generation 32 MiB and more, which saves no time
 * that could be measured here and costs 100 MiB. And it would let what is old grow to four times what is in use before it
 * looks: at 1.75 times order has 180 MiB instead of 265, for a tenth of its processor time.
 */
export const serviceFlags = ['--enable-source-maps', '--max-semi-space-size=16', '--heap-growing-percent=75'];

export type Replicas = Record<ServiceName, number>;

/** The gateway's, unless told. */
export const STANDARD_PORT = 8_000;

/** Replica k of a service listens 10k above the first one, so that there is room for nine. */
export const MAX_REPLICAS = 9;

/**
 * Every port follows from the gateway's. With 8000: order 8001, payment 8002, stock 8003, their further replicas 8011,
 * 8012, 8013 and so on, internal ports 1000 above these, PostgreSQL 8100, RabbitMQ 8101 to 8103.
 */
export function portsFrom(gateway: number) {
  const service = (name: ServiceName, replica: number) =>
    gateway + services[name].port - STANDARD_PORT + 10 * replica;
  return {
    gateway,
    service,
    internal: (name: ServiceName, replica: number) => service(name, replica) + INTERNAL_PORTS,
    postgres: gateway + 100,
    rabbit: { amqp: gateway + 101, distribution: gateway + 102, epmd: gateway + 103 },
  };
}
export type Ports = ReturnType<typeof portsFrom>;

/** Notes the gateway's port, so that the demo and the operators' commands find a shop that is not on the usual one. */
export function rememberPort(port: number): void {
  writeFileSync(join(home, 'port'), String(port));
}

export function rememberedPort(): number {
  try {
    return Number(readFileSync(join(home, 'port'), 'utf8')) || STANDARD_PORT;
  } catch {
    return STANDARD_PORT;
  }
}
