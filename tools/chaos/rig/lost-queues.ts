import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerApi } from './broker-api';

/** Queues elect their leaders within a second after the node has started, on a machine with nothing else to do. */
const ELECTED_WITHIN_MS = 10_000;

/**
 * Finds the queues that RabbitMQ has lost: a quorum queue that was declared less than about three seconds before its node
 * was killed comes back empty and without a leader, and stays like that (https://github.com/rabbitmq/rabbitmq-server/issues/15725).
 * RabbitMQ 4 says so in its log, and reports a leader all the same; 3.10 reports none.
 *
 * @param logged how long the node's log was before it was started
 */
export async function findLostQueues(api: BrokerApi, logFile: string, logged: number): Promise<string[]> {
  const end = Date.now() + ELECTED_WITHIN_MS;
  let leaderless = await api.findLeaderless();
  while (leaderless.length > 0 && Date.now() < end) {
    await sleep(200);
    leaderless = await api.findLeaderless();
  }
  const log = readFileSync(logFile).subarray(logged).toString();
  const startedAnew = [...log.matchAll(/member of queue '([^']+)' in vhost '\/' was not found/g)];
  return [...new Set([...startedAnew.map(([, queue = '']) => queue), ...leaderless])];
}
