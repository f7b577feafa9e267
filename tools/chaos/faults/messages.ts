import { setTimeout as sleep } from 'node:timers/promises';
import { queues } from '../../../shared/contract/events';
import type { Random } from '../random';
import type { Fault } from './fault';

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  const shuffled: T[] = [];
  while (rest.length > 0) {
    shuffled.push(random.take(rest));
  }
  return shuffled;
}

const duplicated: Fault = {
  name: 'the latest messages are published twice more',
  kind: 'duplicated messages',
  async inject({ messages, random, markInjected }) {
    const copies = messages.latest.slice(-random.between(5, 50));
    if (copies.length === 0) {
      return;
    }
    markInjected();
    await messages.publish([...copies, ...copies]);
  },
};

const reversed: Fault = {
  name: 'the latest messages are published again in reverse',
  kind: 'duplicated messages',
  async inject({ messages, markInjected }) {
    const copies = messages.latest.slice(-50).reverse();
    if (copies.length === 0) {
      return;
    }
    markInjected();
    await messages.publish(copies);
  },
};

const replayed: Fault = {
  name: 'old messages are published again',
  kind: 'replayed messages',
  async inject({ messages, random, markInjected }) {
    const copies = shuffle(messages.sample, random).slice(0, 100);
    if (copies.length === 0) {
      return;
    }
    markInjected();
    await messages.publish(copies);
  },
};

const reordered = (queue: string): Fault => ({
  name: `messages of ${queue} are delayed and reordered`,
  kind: 'reordered messages',
  async inject({ messages, random, markInjected }) {
    markInjected();
    const forMs = random.pick([200, 1_000, 3_000]);
    await messages.reorder(queue, forMs, (copies) => shuffle(copies, random));
  },
});

const poisoned = (queue: string): Fault => ({
  name: `poison messages in ${queue}`,
  kind: 'poison messages',
  async inject({ messages, poison, random, markInjected }) {
    for (let count = random.between(1, 5); count > 0; count--) {
      const { body, markPublished } = poison.create(queue, random);
      markInjected();
      await messages.publish([{ exchange: '', routingKey: queue, body }]);
      markPublished();
      await sleep(random.between(0, 50));
    }
  },
});

export const messageFaults: Fault[] = [
  duplicated,
  reversed,
  replayed,
  ...queues.map(reordered),
  ...queues.map(poisoned),
];
