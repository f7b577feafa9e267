/** A channel or a connection of amqplib. */
interface Closable {
  close(): PromiseLike<void>;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Closes a channel or a connection. Resolves when the broker has answered, and also when the connection is lost before it
 * does: amqplib's own promise then stays open for ever. Never rejects: what cannot be closed is closed.
 */
export function close(part: Closable): Promise<void> {
  return new Promise((resolve) => {
    part.once('close', resolve);
    part.close().then(resolve, () => resolve());
  });
}
