import { BATCH_CONTENT_TYPE } from '../contract/cloudevents';
import { serviceOf } from '../contract/events';
import type { Publisher } from '../rabbit/publisher';
import { exchangeOf } from '../rabbit/topology';
import type { OutboxRow } from './statements';

/** Sends rows, and remembers which are on their way and which have arrived and are not deleted yet. */
export interface Sender {
  /** Resolves when the broker has the message, and had a queue for it. */
  send(row: OutboxRow): Promise<void>;
  /** Whether a row need not be sent: it is on its way, or is only not deleted yet. */
  isUnderWay(row: OutboxRow): boolean;
  /** The rows that have been on their way for longer than this. */
  longUnderWay(forMs: number): number[];
  /** How many rows the broker has confirmed that nobody has taken. */
  confirmedCount(): number;
  /** Takes confirmed rows, to delete them. */
  takeConfirmed(most: number): number[];
  /** For rows that were taken and could not be deleted. */
  giveBack(ids: readonly number[]): void;
  /** Resolves when nothing is on its way. */
  idle(): Promise<unknown>;
}

export function openSender(publisher: Publisher): Sender {
  const underWay = new Map<number, { since: number; sent: Promise<void> }>();
  const confirmed = new Set<number>();

  return {
    send(row) {
      const { routing_key: routingKey, body } = row;
      const exchange = exchangeOf(serviceOf(routingKey));
      const sent = publisher
        .publish({ exchange, routingKey, body, contentType: BATCH_CONTENT_TYPE })
        .then(() => {
          confirmed.add(row.id);
        })
        .finally(() => underWay.delete(row.id));
      underWay.set(row.id, { since: performance.now(), sent });
      return sent;
    },
    isUnderWay: ({ id }) => underWay.has(id) || confirmed.has(id),
    longUnderWay(forMs) {
      const before = performance.now() - forMs;
      return [...underWay].flatMap(([id, { since }]) => (since < before ? [id] : []));
    },
    confirmedCount: () => confirmed.size,
    takeConfirmed(most) {
      const ids: number[] = [];
      for (const id of confirmed) {
        if (ids.length === most) {
          break;
        }
        confirmed.delete(id);
        ids.push(id);
      }
      return ids;
    },
    giveBack(ids) {
      for (const id of ids) {
        confirmed.add(id);
      }
    },
    idle: () => Promise.allSettled([...underWay.values()].map(({ sent }) => sent)),
  };
}
