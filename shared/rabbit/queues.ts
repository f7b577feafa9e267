import { close } from './close';
import { openConnection } from './open';

/** How many messages wait in a queue; `messages` is undefined when the queue does not exist. */
export interface QueueLength {
  queue: string;
  messages: number | undefined;
}

const TIMEOUT_MS = 10_000;

/**
 * Asks the broker how full its queues are, without declaring or consuming anything. Unacked messages are not counted,
 * because AMQP does not report them.
 */
export async function countMessages(url: string, queues: readonly string[]): Promise<QueueLength[]> {
  const connection = await openConnection(url, { timeout: TIMEOUT_MS });
  connection.on('error', () => {});
  try {
    const lengths: QueueLength[] = [];
    for (const queue of queues) {
      // One channel per queue, because checking a queue that does not exist closes the channel.
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      try {
        lengths.push({ queue, messages: (await channel.checkQueue(queue)).messageCount });
        await close(channel);
      } catch (error) {
        if ((error as { code?: number }).code !== 404) {
          throw error;
        }
        lengths.push({ queue, messages: undefined });
      }
    }
    return lengths;
  } finally {
    await close(connection);
  }
}
