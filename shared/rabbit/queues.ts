import { connect } from 'amqplib';

/** How many messages wait in a queue; `messages` is undefined when there is no such queue. */
export interface QueueLength {
  queue: string;
  messages: number | undefined;
}

const TIMEOUT_MS = 10_000;

/**
 * Asks the broker how full its queues are, without declaring or consuming anything. Messages that a consumer holds and
 * has not acknowledged are not counted: AMQP does not tell.
 */
export async function countMessages(url: string, queues: readonly string[]): Promise<QueueLength[]> {
  const connection = await connect(url, { timeout: TIMEOUT_MS });
  connection.on('error', () => {});
  try {
    const lengths: QueueLength[] = [];
    for (const queue of queues) {
      // A channel each, because asking for a queue that does not exist closes the channel.
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      try {
        lengths.push({ queue, messages: (await channel.checkQueue(queue)).messageCount });
        await channel.close();
      } catch (error) {
        if ((error as { code?: number }).code !== 404) {
          throw error;
        }
        lengths.push({ queue, messages: undefined });
      }
    }
    return lengths;
  } finally {
    await connection.close().catch(() => {});
  }
}
