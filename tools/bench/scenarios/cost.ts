import { serviceNames } from '../../../shared/services';
import type { LoadRun } from '../load-run';
import { difference } from '../measure/cpu';
import { readLogBytes, readWork } from '../measure/database';
import { spreadOf } from '../measure/spread';
import { readWire } from '../measure/wire';
import { takeProfiles } from '../profile/profile';
import type { Environment } from '../rig/environment';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';
import { costOf } from './history';

/** That `batch_init` makes at once. */
const MOST_ORDERS = 200_000;

/**
 * What one checkout costs with SATURATED connections: processor time of each process, rows and log of each database,
 * bytes on each link. Everything but the processor time is counted from the services' start to their stop and divided by
 * all the checkouts between.
 */
export const cost: Scenario = {
  name: 'cost',
  description: 'processor time, rows, log and bytes on the wire of one checkout',
  onTarget: false,
  async run({ options, environment, say, openDataset }) {
    // As many as need no filling anew, which would be counted.
    const dataset = await openDataset({ orders: Math.min(options.size * 2, MOST_ORDERS) });
    const shop = dataset.shop as LocalShop;
    await dataset.fillOrders();
    const { admin, postgresPort, amqpUrl } = environment as Environment;
    const servers = { [postgresPort]: 'postgres', [Number(new URL(amqpUrl).port)]: 'rabbitmq' };
    const wire = () =>
      readWire(Object.fromEntries(serviceNames.map((name) => [name, shop.pids(name)])), servers);

    await shop.stop();
    const work = await readWork(admin, shop.databases);
    await shop.start();
    const before = wire();
    const used = dataset.used;
    const load = { connections: SATURATED, warmUpSeconds: 0 };
    await dataset.rush({ ...load, name: 'warm-up', seconds: Math.max(options.warmUpSeconds * 4, 0.2) });
    const rush = await dataset.rush({ ...load, name: 'cost', seconds: options.seconds });
    await shop.settled();
    const bytes = difference(wire(), before);
    const log = await readLogBytes(admin, shop.databases);
    await shop.stop();
    const done = { ...difference(await readWork(admin, shop.databases), work), ...log };

    const checkouts = dataset.used - used;
    const each = (totals: Record<string, number>) =>
      Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, total / checkouts]));
    const profiles = options.profile
      ? await takeProfiles(dataset, environment as Environment, options, say)
      : undefined;
    await dataset.mustBalance();
    await shop.close();
    return {
      loadRuns: [rush],
      details: {
        checkouts,
        cpuMs: each(scaled(rush.cpuSeconds, (1_000 * checkouts) / rush.checkouts)),
        database: each(done),
        wire: each(bytes),
        http: rush.httpBytes,
        ...(profiles && { profiles }),
      },
      figures: figures(rush, each(done), each(bytes)),
    };
  },
};

function figures(rush: LoadRun, done: Record<string, number>, bytes: Record<string, number>) {
  const figure = (id: string, name: string, unit: string, value: number) => ({
    id,
    name,
    unit,
    spread: spreadOf([value]),
  });
  const rows = Object.entries(done)
    .filter(([name]) => /tup_(inserted|updated|deleted)$/.test(name))
    .reduce((sum, [, value]) => sum + value, 0);
  const onTheWire = Object.values(bytes).reduce((sum, value) => sum + value, 0);
  return [
    figure('cost', 'processor time a checkout, without the load', 'ms', costOf(rush) * 1_000),
    figure('cost_wal', 'log a checkout', 'bytes', done.wal_bytes ?? 0),
    figure('cost_rows', 'rows written a checkout', '', rows),
    figure('cost_wire', 'bytes a checkout between services, PostgreSQL and RabbitMQ', 'bytes', onTheWire),
  ];
}

function scaled(values: Record<string, number>, factor: number): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value * factor]));
}
