import { setTimeout as sleep } from 'node:timers/promises';
import { queues } from '../../../shared/contract/events';
import type { Random } from '../random';
import type { Fault } from './fault';

function shuffled<T>(things: readonly T[], random: Random): T[] {
  const left = [...things];
  const taken: T[] = [];
  while (left.length > 0) {
    taken.push(random.take(left));
  }
  return taken;
}

const duplicated: Fault = {
  name: 'the last messages come twice more',
  kind: 'duplicated messages',
  async strike({ messages, random, struck }) {
    const copies = messages.last.slice(-random.between(5, 50));
    if (copies.length === 0) {
      return;
    }
    struck();
    await messages.publish([...copies, ...copies]);
  },
};

const backwards: Fault = {
  name: 'the last messages come again in reverse',
  kind: 'duplicated messages',
  async strike({ messages, struck }) {
    const copies = messages.last.slice(-50).reverse();
    if (copies.length === 0) {
      return;
    }
    struck();
    await messages.publish(copies);
  },
};

const late: Fault = {
  name: 'messages from any time before come again',
  kind: 'replayed messages',
  async strike({ messages, random, struck }) {
    const copies = shuffled(messages.sample, random).slice(0, 100);
    if (copies.length === 0) {
      return;
    }
    struck();
    await messages.publish(copies);
  },
};

const reordered = (queue: string): Fault => ({
  name: `messages of ${queue} are held back and come in another order`,
  kind: 'reordered messages',
  async strike({ messages, random, struck }) {
    struck();
    const forMs = random.pick([200, 1_000, 3_000]);
    await messages.reorder(queue, forMs, (copies) => shuffled(copies, random));
  },
});

const poisonous = (queue: string): Fault => ({
  name: `poison in ${queue}`,
  kind: 'poison messages',
  async strike({ messages, poison, random, struck }) {
    for (let doses = random.between(1, 5); doses > 0; doses--) {
      const { body, given } = poison.mix(queue, random);
      struck();
      await messages.publish([{ exchange: '', routingKey: queue, body }]);
      given();
      await sleep(random.between(0, 50));
    }
  },
});

export const messageFaults: Fault[] = [
  duplicated,
  backwards,
  late,
  ...queues.map(reordered),
  ...queues.map(poisonous),
];
