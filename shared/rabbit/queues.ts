import { inTime } from './calls';
import { close } from './close';
import { openConnection } from './open';

/** How many messages wait in a queue, and how many consumers it has; both are undefined when it does not exist. */
export interface QueueLength {
  queue: string;
  messages: number | undefined;
  consumers?: number | undefined;
}

const TIMEOUT_MS = 10_000;

/**
 * Asks the broker how full its queues are, without declaring or consuming anything. Unacked messages are not counted,
 * because AMQP does not report them.
 * @throws when the broker cannot be reached or does not answer in time
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
        const { messageCount, consumerCount } = await inTime(channel.checkQueue(queue));
        lengths.push({ queue, messages: messageCount, consumers: consumerCount });
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
