import { close } from './close';
import { openConnection } from './open';

/** Returns which broker is at an address, such as "RabbitMQ 4.1.0"; undefined when none answers or it refuses us. */
export async function probe(url: string): Promise<string | undefined> {
  try {
    const connection = await openConnection(url, { timeout: 2_000 });
    const { product, version } = connection.connection.serverProperties;
    await close(connection);
    return `${product} ${version}`;
  } catch {
    return undefined;
  }
}
