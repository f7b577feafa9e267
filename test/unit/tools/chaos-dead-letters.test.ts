import { DeadLetters } from '../../../tools/chaos/rig/dead-letters';
import type { Messages } from '../../../tools/chaos/rig/messages';
import { PoisonMessages } from '../../../tools/chaos/rig/poison';

test('a dead letter that was taken is kept when the broker goes away before the next one', async () => {
  const queues = ['stock.restock', 'order.settle'];
  const messages: Pick<Messages, 'drainDeadLetters'> = {
    async drainDeadLetters(take) {
      const queue = queues.shift();
      if (queue) {
        take({ queue, body: 'poison', error: 'no JSON' });
        throw new Error('Channel ended, no reply will be forthcoming');
      }
    },
  };
  const deadLetters = new DeadLetters(messages, new PoisonMessages());
  await expect(deadLetters.collect()).rejects.toThrow('Channel ended');
  await expect(deadLetters.collect()).rejects.toThrow('Channel ended');
  expect((await deadLetters.collect()).map(({ queue }) => queue)).toEqual(['stock.restock', 'order.settle']);
});
