import { connect } from 'amqplib';
import { type Cause, critical, type Undo, warning } from './cause';
import { deployment, type Hands, until } from './hands';
import { hardlyAnyMemory } from './process-causes';
import type { Shop } from './shop';

/** Causes that concern the books, the auditor and staff, one after the other. None stops checkouts. */
export function bookCauses({ hands, api, watchers }: Shop): Cause[] {
  return [
    {
      title: 'no auditor runs',
      alerts: [critical('AuditNotRunning')],
      bring: (undo) => hands.scale(deployment('auditor'), 0, undo),
    },
    {
      title: 'the pages of staff do not run',
      alerts: [warning('ServiceDown', { job: 'admin' })],
      bring: (undo) => hands.scale(deployment('admin'), 0, undo),
    },
    {
      title: 'services get messages that follow no contract',
      alerts: [
        critical('DeadLetters', { queue: 'order.settle.dead' }),
        warning('DeadLetters', { queue: 'stock.reserve.dead' }),
        warning('InvariantViolated', { invariant: 'I6' }),
      ],
      async bring(undo) {
        for (const queue of ['order.settle', 'stock.reserve']) {
          undo(() => hands.rabbitmqctl('purge_queue', `${queue}.dead`));
          await publish(hands, queue, undo);
        }
      },
    },
    {
      title: 'order forgets a sale, and its buyer checks out something else',
      alerts: [critical('InvariantViolated', { invariant: 'I5' }), warning('CheckoutDisputed')],
      async bring(undo) {
        const [user, item] = await Promise.all([api.user(1_000), api.item(1, 1_000)]);
        let [order, saga] = ['', ''];
        // Other causes stop checkouts meanwhile.
        await until('an order is paid', async () => {
          order = await api.order(user, { [item]: 1 });
          const { status, body } = await api.checkout(order);
          saga = body.saga_id;
          return status === 200;
        });
        await hands.sql(
          'order',
          `UPDATE orders SET saga_id = NULL WHERE id = '${order}'; DELETE FROM sagas WHERE id = '${saga}'`,
        );
        // As docs/operating.md says, "An order that is disputed".
        undo(() =>
          hands.sql(
            'order',
            `UPDATE order_lines SET quantity = 1 WHERE order_id = '${order}';
             UPDATE sagas SET state = 'PAID' WHERE id = '${saga}' AND state = 'DISPUTED'`,
          ),
        );
        await api.must(`/orders/addItem/${order}/${item}/1`);
        const { status, body } = await api.checkout(order);
        if (status !== 409 || body.reason !== 'sold_before') {
          throw new Error(`A sale that order has forgotten was answered ${status} ${JSON.stringify(body)}.`);
        }
      },
    },
    hardlyAnyMemory(hands, watchers),
  ];
}

/** Publishes a message that is none of ours, as an operator's login may. */
async function publish({ forward, secret }: Hands, queue: string, undo: Undo): Promise<void> {
  const [password, port] = await Promise.all([
    secret('operator-broker', 'password'),
    forward('rabbitmq-0', 5672, undo),
  ]);
  const connection = await connect({ hostname: '127.0.0.1', port, username: 'operator', password });
  const channel = await connection.createConfirmChannel();
  channel.sendToQueue(queue, Buffer.from('not ours'), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}
