import { setTimeout as sleep } from 'node:timers/promises';

/** Queues elect their leaders within a second after the node has started, on a machine with nothing else to do. */
const ELECTED_WITHIN_MS = 10_000;

/**
 * Asks every quorum queue for its members, which only a leader answers. RabbitMQ's own lists may report a leader that is
 * not there.
 */
const LEADERLESS = `[element(4, amqqueue:get_name(Queue)) || Queue <- rabbit_amqqueue:list(),
  amqqueue:get_type(Queue) =:= rabbit_quorum_queue, element(1, ra:members(amqqueue:get_pid(Queue), 500)) =/= ok].`;

/**
 * Finds the queues that RabbitMQ has lost: a quorum queue that was declared less than about three seconds before its node
 * was killed comes back empty and without a leader, and stays like that (https://github.com/rabbitmq/rabbitmq-server/issues/15725).
 *
 * @param control runs `rabbitmqctl` with these arguments, and returns what it prints
 */
export async function findLostQueues(control: (...args: string[]) => Promise<string>): Promise<string[]> {
  const look = async () => namesIn(await control('eval', LEADERLESS));
  let lost = await look();
  for (const end = Date.now() + ELECTED_WITHIN_MS; lost.length > 0 && Date.now() < end; await sleep(200)) {
    const leaderless = await look();
    lost = lost.filter((queue) => leaderless.includes(queue));
  }
  return lost;
}

/** Returns the names in an Erlang list of binaries, such as `[<<"stock.reserve">>]`. */
function namesIn(list: string): string[] {
  return [...list.matchAll(/<<"([^"]+)">>/g)].map(([, name = '']) => name);
}
