import { setTimeout as sleep } from 'node:timers/promises';
import { queues, serviceOf } from '../../../shared/contract/events';
import { countMessages } from '../../../shared/rabbit/queues';
import { bindings, DEAD_LETTERS, deadLetterQueueOf } from '../../../shared/rabbit/topology';
import type { Binding } from '../rig/broker-api';
import { exclusively, type Fault, type FaultContext, NotRecovered, OUTAGE_GAP_MS } from './fault';

/** Several nodes take twice as long to start as one. */
const ALL_NODES_GAP_MS = 2 * OUTAGE_GAP_MS;
/** How soon the shop must have declared again what was deleted. */
const DECLARED_WITHIN_MS = 30_000;
/** After that, something else is broken, and there is nothing to delete. */
const CONSUMED_WITHIN_MS = 5_000;
/** Consumers are back after a fraction of a second, and then a queue is mostly empty. */
const PURGE_FOR_MS = 1_000;

const restartBroker: Fault = {
  name: 'RabbitMQ is killed and starts again',
  kind: 'broker restart',
  minGapMs: ALL_NODES_GAP_MS,
  async inject(context) {
    const lost = await exclusively('broker', () => {
      const restarted = context.rig.broker.restart();
      context.markInjected();
      return restarted;
    });
    if (lost.length > 0) {
      context.markMended(
        `RabbitMQ had lost ${lost.join(', ')}, declared just before; what was left was deleted`,
      );
      const affected = queues.filter((queue) =>
        lost.some((name) => [queue, deadLetterQueueOf(queue)].includes(name)),
      );
      // What was in them was lost before anybody could know. A dead-letter queue can be read once it is there again.
      await waitUntilDeclared(context, affected).finally(() => context.deadLetters.expectLosses(affected));
    }
  },
};

const brokerConnections: Fault = {
  name: 'RabbitMQ closes every connection',
  kind: 'broker connections cut',
  inject: ({ rig, markInjected }) =>
    exclusively('broker', async () => {
      await rig.broker.closeConnections();
      markInjected();
    }),
};

const fullDisk: Fault = {
  name: 'the disk of RabbitMQ is full',
  kind: 'full disk',
  minGapMs: OUTAGE_GAP_MS,
  inject: ({ rig, random, markInjected }) =>
    exclusively('broker', async () => {
      try {
        await rig.broker.setDiskFull(true);
        markInjected();
        await sleep(random.pick([1_000, 4_000]));
      } finally {
        await rig.broker.setDiskFull(false);
      }
    }),
};

/** Deletes messages. The poison among them may be lost, and the events among them belong to sagas that must end even so. */
async function loseMessages(
  { deadLetters }: FaultContext,
  queues: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  await deadLetters.expectLosses(queues);
  try {
    await work();
  } finally {
    await deadLetters.expectLosses(queues);
  }
}

/**
 * Waits for a queue to be consumed, for a few seconds. A queue that is deleted while it is being declared can keep RabbitMQ
 * from ever declaring it again (https://github.com/rabbitmq/rabbitmq-server/issues/16652, seen with 3.10.8 and 4.0.5). No
 * shop survives that.
 */
async function isConsumed({ rig }: FaultContext, queue: string): Promise<boolean> {
  for (const end = Date.now() + CONSUMED_WITHIN_MS; Date.now() < end; await sleep(200)) {
    const [length] = await countMessages(rig.broker.url(), [queue]).catch(() => []);
    if ((length?.consumers ?? 0) > 0) {
      return true;
    }
  }
  return false;
}

/** Resolves when the shop has declared these queues and their bindings again. No fault does that for it. */
async function waitUntilDeclared({ rig }: FaultContext, wanted: readonly string[]): Promise<void> {
  let missing: string[] | undefined;
  for (const end = Date.now() + DECLARED_WITHIN_MS; Date.now() < end; await sleep(200)) {
    missing = await rig.broker.api.findMissing(wanted).catch(() => missing);
    if (missing?.length === 0) {
      return;
    }
  }
  const what = missing?.join(', ') ?? 'what was deleted';
  throw new NotRecovered(`${DECLARED_WITHIN_MS / 1_000} s later, the shop had not declared ${what} again`);
}

const purged = (queue: string): Fault => ({
  name: `the queue ${queue} is purged again and again, after its consumers have lost their connections`,
  kind: 'purged queue',
  inject: (context) =>
    exclusively('broker', () =>
      loseMessages(context, [queue], async () => {
        for (const { service, links } of context.rig.replicas) {
          if (service === serviceOf(queue)) {
            links.broker.cut();
          }
        }
        for (const end = Date.now() + PURGE_FOR_MS; Date.now() < end; ) {
          await context.rig.broker.api.purge(queue);
          context.markInjected();
        }
      }),
    ),
});

const stolen = (queue: string): Fault => ({
  name: `a stranger consumes from ${queue} and throws the messages away`,
  kind: 'stolen messages',
  inject: (context) =>
    loseMessages(context, [queue], () =>
      context.messages.steal(queue, context.random.pick([200, 1_000]), context.markInjected),
    ),
});

const deleted = (queue: string): Fault => ({
  name: `the queue ${queue} is deleted`,
  kind: 'deleted queue',
  async inject(context) {
    const isDeleted = await exclusively('broker', async () => {
      if (!(await isConsumed(context, queue))) {
        return false;
      }
      await loseMessages(context, [queue], async () => {
        await context.rig.broker.api.deleteQueue(queue);
        context.markInjected();
      });
      return true;
    });
    if (isDeleted) {
      await waitUntilDeclared(context, [queue]);
    }
  },
});

const unbound = (binding: Binding): Fault => ({
  name: `${binding.queue} no longer gets ${binding.key}`,
  kind: 'lost binding',
  async inject(context) {
    await exclusively('broker', () => context.rig.broker.api.unbind(binding));
    context.markInjected();
    await waitUntilDeclared(context, [binding.queue]);
  },
});

const emptied: Fault = {
  name: 'RabbitMQ is killed and starts again without its data',
  kind: 'emptied broker',
  minGapMs: ALL_NODES_GAP_MS,
  async inject(context) {
    await exclusively('broker', () =>
      loseMessages(context, queues, () => {
        const started = context.rig.broker.empty();
        context.markInjected();
        return started;
      }),
    );
    await waitUntilDeclared(context, queues);
  },
};

export const brokerFaults: Fault[] = [
  restartBroker,
  brokerConnections,
  fullDisk,
  emptied,
  ...queues.flatMap((queue) => [purged(queue), stolen(queue), deleted(queue)]),
  ...bindings.filter(({ exchange }) => exchange !== DEAD_LETTERS).map(unbound),
];
