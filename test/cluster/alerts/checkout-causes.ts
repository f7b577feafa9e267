import { checkoutNames } from '../../../shared/services';
import type { ApiClient } from '../../support/api-client';
import { type Cause, critical, later, type Undo, warning } from './cause';
import { crowd } from './crowd';
import { databaseOf, deployment, type Hands, statefulSet, until } from './hands';
import { tooLittleProcessorTime } from './process-causes';
import type { Shop } from './shop';

/** More than QueueGrowing needs: buyers come in between, whose checkouts share messages with these. */
const CHECKOUTS = 1_500;
const CREATED_AT_ONCE = 10;
const LOOKERS = 150;

/** Causes that stop checkouts, one after the other. Those that are looked at over a long time come first. */
export function checkoutCauses({ kube, hands, api, url, watchers }: Shop): Cause[] {
  const payment = deployment('payment');
  return [
    {
      title: 'somebody deletes a queue',
      alerts: [warning('BrokerTopologyRepaired')],
      bring: () => hands.rabbitmqctl('delete_queue', 'stock.settle'),
    },
    {
      title: 'payment does not run while people buy',
      alerts: [
        critical('ServiceDown', { job: 'payment' }),
        critical('QueueWithoutConsumer', { queue: 'payment.charge' }),
        critical('CheckoutsStuck'),
        critical('CheckoutErrorBudgetBurn'),
        critical('PaidShareLow'),
        later(warning('CheckoutErrorBudgetBurn')),
      ],
      bring: (undo) => hands.scale(payment, 0, undo),
    },
    {
      title: 'stock does not run while many check out and a shopkeeper restocks',
      alerts: [
        warning('QueueGrowing', { queue: 'stock.reserve' }),
        warning('RestocksStuck'),
        later(warning('CheckoutsCancelled')),
        // Together with what comes after this.
        later(warning('DecisionsRequested', { job: 'order' })),
      ],
      async bring(undo) {
        const orders = await createOrders(api, CHECKOUTS);
        await hands.scale(deployment('stock'), 0, undo);
        await restock(url);
        // One after the other, because those that come together share a message.
        for (const order of orders) {
          await api.checkout(order, { prefer: 'respond-async' });
        }
      },
    },
    {
      title: 'a session holds the table of items while many look at them',
      alerts: [
        warning('RowsLocked', { job: 'stock' }),
        warning('DatabasePoolSaturated', { job: 'stock' }),
        warning('RequestsShed', { job: 'stock' }),
      ],
      async bring(undo) {
        const item = await api.item(1, 1);
        await hands.hold('stock', 'LOCK TABLE items', undo);
        crowd(LOOKERS, 1_000, () => api.get(`/stock/find/${item}`), undo);
      },
    },
    {
      title: 'order may have one checkout in flight',
      alerts: [warning('CheckoutsRefused')],
      bring: (undo) => hands.setEnvironment(deployment('order'), { MAX_SAGAS_IN_FLIGHT: '1' }, undo),
    },
    {
      title: "a right to stock's table of items is taken away",
      alerts: [critical('StepRefused', { step: 'stock.reserve' })],
      async bring(undo) {
        undo(() => hands.sql('stock', 'GRANT UPDATE ON items TO stock'));
        await hands.sql('stock', 'REVOKE UPDATE ON items FROM stock');
      },
    },
    {
      title: "payment's database is down",
      alerts: [critical('PostgresDown', { job: 'payment-db' })],
      bring: (undo) => hands.scale(databaseOf('payment'), 0, undo),
    },
    {
      title: 'RabbitMQ is down',
      alerts: [
        ...checkoutNames.map((job) => critical('BrokerUnreachable', { job })),
        critical('OutboxStuck', { job: 'order' }),
      ],
      bring: (undo) => hands.scale(statefulSet('rabbitmq'), 0, undo),
    },
    {
      title: 'RabbitMQ is short of memory',
      alerts: [critical('RabbitmqAlarm')],
      async bring(undo) {
        // As in k8s/overlays/laptop/broker/rabbitmq.conf.
        undo(() => hands.rabbitmqctl('set_vm_memory_high_watermark', 'absolute', '460MiB'));
        await hands.rabbitmqctl('set_vm_memory_high_watermark', 'absolute', '1MiB');
      },
    },
    {
      title: 'payment may not declare its queue again that somebody deletes',
      alerts: [warning('BrokerTopologyIncomplete', { job: 'payment' })],
      bring: (undo) => withdrawRights(hands, undo),
    },
    {
      title: 'the gateway has no proxy',
      alerts: [critical('GatewayDown')],
      async bring(undo) {
        const before = (await kube.gateway.pods()).length;
        undo(async () => {
          await kube.gateway.scale(before);
          await until(
            'the gateway has its proxies',
            async () => (await kube.gateway.pods()).length === before,
          );
        });
        await kube.gateway.scale(0);
      },
    },
    tooLittleProcessorTime(hands, watchers),
  ];
}

async function createOrders(api: ApiClient, count: number): Promise<string[]> {
  const [user, item] = await Promise.all([api.user(count), api.item(1, count)]);
  const orders: string[] = [];
  while (orders.length < count) {
    const few = Array.from({ length: CREATED_AT_ONCE }, () => api.order(user, { [item]: 1 }));
    orders.push(...(await Promise.all(few)));
  }
  return orders;
}

/** Puts a product into the shop that it did not have. */
async function restock(url: string): Promise<void> {
  const answer = await fetch(`${url}/catalog/products`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: `Of the alert drill ${Date.now()}`, quantity: 1, price: 1 }),
  });
  if (answer.status !== 202) {
    throw new Error(`A restock was answered ${answer.status} ${await answer.text()}.`);
  }
}

async function withdrawRights({ rabbitmqctl }: Hands, undo: Undo): Promise<void> {
  const all: { user: string; configure: string; write: string; read: string }[] = JSON.parse(
    await rabbitmqctl('list_permissions', '--formatter', 'json'),
  );
  const rights = all.find(({ user }) => user === 'payment');
  if (rights === undefined) {
    throw new Error('RabbitMQ knows no user "payment".');
  }
  const { configure, write, read } = rights;
  undo(() => rabbitmqctl('set_permissions', 'payment', configure, write, read));
  await rabbitmqctl('set_permissions', 'payment', '^$', write, read);
  await rabbitmqctl('delete_queue', 'payment.charge');
  // A connection remembers what it may do.
  await rabbitmqctl('close_all_user_connections', 'payment', 'alert drill');
}
