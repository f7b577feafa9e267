import type { Logger } from '../observe/log';
import { type Loop, repeat } from '../service/loop';
import type { RabbitConnection } from './connection';
import type { Topology } from './open-topology';

const LOOK_EVERY_MS = 1_000;
/** A look costs about 25 calls. While something is missing, every look is taken. */
const VERIFY_EVERY_MS = 10_000;

/**
 * Puts the service's part of the topology right every ten seconds, on channels of its own: nobody else notices a queue that was deleted while
 * no one consumed it, or a binding that was removed.
 */
export function watchTopology(options: {
  connection: RabbitConnection;
  topology: Topology;
  log: Logger;
}): Loop {
  const { connection, topology, log } = options;
  let verifiedAt = performance.now();

  async function verify(): Promise<void> {
    const isDue = topology.isIncomplete() || performance.now() - verifiedAt >= VERIFY_EVERY_MS;
    if (isDue && connection.isConnected()) {
      // Before the look: one that fails because a part does not answer is not repeated at once.
      verifiedAt = performance.now();
      await topology.ensureOwn(connection.openChannel);
    }
  }

  return repeat(LOOK_EVERY_MS, verify, (error) =>
    log.warn({ err: error }, 'could not verify the topology of the broker; trying again'),
  );
}
