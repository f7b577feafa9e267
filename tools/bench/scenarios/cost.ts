import { checkoutNames } from '../../../shared/services';
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

/** `batch_init` creates at most this many in one request. */
const MAX_ORDERS = 200_000;

/**
 * Measures what one checkout costs with SATURATED connections: processor time of each process, rows and log of each
 * database, bytes on each link. Everything but the processor time is counted from the start of the services to their
 * stop and divided by all the checkouts in between.
 */
export const cost: Scenario = {
  name: 'cost',
  description: 'processor time, rows, log and bytes on the wire for one checkout',
  onTarget: false,
  async run({ options, environment, say, openDataset }) {
    // Enough orders that no refill is needed: a refill would be counted, too.
    const dataset = await openDataset({ orders: Math.min(options.size * 2, MAX_ORDERS) });
    const shop = dataset.shop as LocalShop;
    await dataset.fillOrders();
    const { admin, postgresPort, amqpUrl } = environment as Environment;
    const servers = { [postgresPort]: 'postgres', [Number(new URL(amqpUrl).port)]: 'rabbitmq' };
    const readShopWire = () =>
      readWire(Object.fromEntries(checkoutNames.map((name) => [name, shop.pids(name)])), servers);

    await shop.stop();
    const workBefore = await readWork(admin, shop.databases);
    await shop.start();
    const wireBefore = readShopWire();
    const usedBefore = dataset.used;
    const load = { connections: SATURATED, warmUpSeconds: 0 };
    await dataset.run({ ...load, name: 'warm-up', seconds: Math.max(options.warmUpSeconds * 4, 0.2) });
    const loadRun = await dataset.run({ ...load, name: 'cost', seconds: options.seconds });
    await shop.waitUntilSettled();
    const bytes = difference(readShopWire(), wireBefore);
    const log = await readLogBytes(admin, shop.databases);
    await shop.stop();
    const work = { ...difference(await readWork(admin, shop.databases), workBefore), ...log };

    const checkouts = dataset.used - usedBefore;
    const perCheckout = (totals: Record<string, number>) =>
      Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, total / checkouts]));
    const profiles = options.profile
      ? await takeProfiles(dataset, environment as Environment, options, say)
      : undefined;
    await dataset.assertBalanced();
    await shop.close();
    return {
      loadRuns: [loadRun],
      details: {
        checkouts,
        cpuMs: perCheckout(scaled(loadRun.cpuSeconds, (1_000 * checkouts) / loadRun.checkouts)),
        database: perCheckout(work),
        wire: perCheckout(bytes),
        http: loadRun.httpBytes,
        ...(profiles && { profiles }),
      },
      figures: figures(loadRun, perCheckout(work), perCheckout(bytes)),
    };
  },
};

function figures(loadRun: LoadRun, work: Record<string, number>, bytes: Record<string, number>) {
  const figure = (id: string, name: string, unit: string, value: number) => ({
    id,
    name,
    unit,
    spread: spreadOf([value]),
  });
  const rows = Object.entries(work)
    .filter(([name]) => /tup_(inserted|updated|deleted)$/.test(name))
    .reduce((sum, [, value]) => sum + value, 0);
  const onTheWire = Object.values(bytes).reduce((sum, value) => sum + value, 0);
  return [
    figure('cost', 'processor time per checkout, without the load', 'ms', costOf(loadRun) * 1_000),
    figure('cost_wal', 'log per checkout', 'bytes', work.wal_bytes ?? 0),
    figure('cost_rows', 'rows written per checkout', '', rows),
    figure('cost_wire', 'bytes per checkout between services, PostgreSQL and RabbitMQ', 'bytes', onTheWire),
  ];
}

function scaled(values: Record<string, number>, factor: number): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value * factor]));
}
