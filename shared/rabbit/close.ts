import type { Channel, ChannelModel } from 'amqplib';

/** The protocol has no timeout. A broker that has stalled answers heartbeats, but not the close of a connection. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Closes a channel or a connection. Resolves when the broker has answered, and also when the connection is lost before it
 * does, or the broker does not answer in time: amqplib's own promise then stays open for ever. A connection that the broker
 * does not close is cut, because amqplib would neither use it nor give it up. Never rejects: what cannot be closed is closed.
 *
 * @param start how it is closed, if not by its own `close`
 */
export function close(
  part: Channel | ChannelModel,
  start: () => Promise<void> = () => part.close(),
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      if ('createChannel' in part) {
        cut(part, new Error('the broker did not answer the close of the connection in time'));
      }
      resolve();
    }, ANSWER_WITHIN_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    part.once('close', done);
    start().then(done, done);
  });
}

/** Ends a connection without asking the broker, which then gives its unacked messages to others. */
export function cut(model: ChannelModel, reason: Error): void {
  const { stream } = model.connection as unknown as { stream: { destroy(error: Error): void } };
  stream.destroy(reason);
}
