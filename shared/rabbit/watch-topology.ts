import type { Logger } from '../observe/log';
import { type Loop, repeat } from '../service/loop';
import type { RabbitConnection } from './connection';
import type { Topology } from './open-topology';

const LOOK_EVERY_MS = 1_000;
/** It costs about 25 calls to look at a service's own part, and 70 to look at all of it. */
const VERIFY_OWN_EVERY_MS = 10_000;
/** Only the others notice what is lost of a service while it is down. */
const VERIFY_ALL_EVERY_MS = 60_000;

/**
 * Puts the topology right, on channels of its own: the service's part every ten seconds, and all of it every minute and
 * while something is missing. Nobody else notices a queue that was deleted while no one consumed it, or a binding that was
 * removed.
 */
export function watchTopology(options: {
  connection: RabbitConnection;
  topology: Topology;
  log: Logger;
}): Loop {
  const { connection, topology, log } = options;
  let ownVerifiedAt = performance.now();
  let allVerifiedAt = ownVerifiedAt;

  async function verify(): Promise<void> {
    const now = performance.now();
    if (!connection.isConnected()) {
      return;
    }
    // The time is noted before the look: one that fails because a part does not answer is not repeated at once.
    if (topology.isIncomplete() || now - allVerifiedAt >= VERIFY_ALL_EVERY_MS) {
      ownVerifiedAt = allVerifiedAt = now;
      await topology.ensure(connection.openChannel);
    } else if (now - ownVerifiedAt >= VERIFY_OWN_EVERY_MS) {
      ownVerifiedAt = now;
      await topology.ensureOwn(connection.openChannel);
    }
  }

  return repeat(LOOK_EVERY_MS, verify, (error) =>
    log.warn({ err: error }, 'could not verify the topology of the broker; trying again'),
  );
}
