import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gauge } from 'prom-client';
import { root } from '../root';
import { registry } from './metrics';

/** What a process has and may use. It is read at each scrape, because nothing reports a change. */
const registers = [registry];

/** The counters of a node-postgres pool. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

const pools = new Map<string, { pool: Pool; size: number }>();
const brokers = new Map<string, { isConnected(): boolean }>();

/** @param name what the connections are for: `saga` or `http` */
export function watchPool(name: string, pool: Pool, size: number): void {
  pools.set(name, { pool, size });
}

/** @param name what the connection is for: `publish` or `consume` */
export function watchBroker(name: string, connection: { isConnected(): boolean }): void {
  brokers.set(name, connection);
}

new Gauge({
  name: 'database_pool_connections',
  help: 'Database connections of this process, by what they are for and whether they are in use.',
  labelNames: ['pool', 'state'] as const,
  registers,
  collect() {
    for (const [name, { pool }] of pools) {
      this.set({ pool: name, state: 'in_use' }, pool.totalCount - pool.idleCount);
      this.set({ pool: name, state: 'idle' }, pool.idleCount);
    }
  },
});

new Gauge({
  name: 'database_pool_size',
  help: 'The most database connections that this process may have, by what they are for.',
  labelNames: ['pool'] as const,
  registers,
  collect() {
    for (const [name, { size }] of pools) {
      this.set({ pool: name }, size);
    }
  },
});

new Gauge({
  name: 'database_pool_waiting',
  help: 'Transactions that wait for a database connection of this process.',
  labelNames: ['pool'] as const,
  registers,
  collect() {
    for (const [name, { pool }] of pools) {
      this.set({ pool: name }, pool.waitingCount);
    }
  },
});

new Gauge({
  name: 'broker_connected',
  help: '1 while the broker is connected and accepts messages, otherwise 0; by what the connection is for.',
  labelNames: ['connection'] as const,
  registers,
  collect() {
    for (const [name, connection] of brokers) {
      this.set({ connection: name }, connection.isConnected() ? 1 : 0);
    }
  },
});

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

new Gauge({
  name: 'chandlery_build_info',
  help: 'Always 1; its label is the version of the project.',
  labelNames: ['version'] as const,
  registers,
}).set({ version }, 1);
