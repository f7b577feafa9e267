import { broadcastNames, broadcasts } from '../../shared/contract/broadcasts';
import { eventsFor, queues, serviceOf } from '../../shared/contract/events';
import {
  bindings,
  DEAD_LETTERS,
  deadLetterQueueOf,
  declaredQueues,
  exchangeOf,
  exchanges,
} from '../../shared/rabbit/topology';
import { participantNames } from '../../shared/services';

/** The users that may log in to the broker, besides its administrator. */
export const brokerUsers = [...participantNames, 'auditor', 'operator'];

/** Names that a user may configure, write to and read from. Access to all others is refused. */
export interface Permissions {
  readonly configure: readonly string[];
  readonly write: readonly string[];
  readonly read: readonly string[];
}

/**
 * Each replica that hears broadcasts receives them on its own queue. The broker names that queue, and deletes it when the
 * replica disconnects.
 */
const OWN_QUEUES = 'amq.gen-*';

/**
 * Returns what a user may do. A service writes to its own exchange and to the dead letters, and reads its own queues. It
 * may also declare what is its own again (TOPOLOGY=own): that takes the right to configure it, and a binding takes the
 * right to write to the queue and to read from the exchange. It cannot read its dead letters, or publish to a queue past
 * an exchange. The auditor and operators count messages. Since RabbitMQ 4.2.6 that takes some right to a queue, whichever
 * it is: the right to write only lets them bind a queue, which takes the right to read from an exchange as well. An
 * operator takes dead letters and sends them back through the default exchange.
 */
export function permissionsOf(user: string): Permissions {
  const counted = declaredQueues.map(({ name }) => name);
  if (user === 'auditor') {
    return { configure: [], write: counted, read: [] };
  }
  if (user === 'operator') {
    return { configure: [], write: ['amq.default', ...counted], read: queues.map(deadLetterQueueOf) };
  }
  const consumed = queues.filter((queue) => serviceOf(queue) === user);
  const heard = new Set(consumed.flatMap(eventsFor).map((type) => exchangeOf(serviceOf(type))));
  const sent = broadcastNames.filter((name) => serviceOf(name) === user);
  const broadcastsHeard = broadcastNames.filter((name) => broadcasts[name].heardBy === user);
  const ownQueues = broadcastsHeard.length === 0 ? [] : [OWN_QUEUES];
  const declared = [
    exchangeOf(user),
    DEAD_LETTERS,
    ...consumed,
    ...consumed.map(deadLetterQueueOf),
    ...sent,
    ...ownQueues,
  ];
  return {
    configure: declared,
    write: declared,
    read: [...consumed, DEAD_LETTERS, ...heard, ...broadcastsHeard, ...ownQueues],
  };
}

/** Turns names into the regular expression that RabbitMQ expects. Without names, it matches only the empty name. */
function pattern(names: readonly string[]): string {
  const escaped = names.map((name) => name.replaceAll('.', '\\.').replace(/\*$/, '.*'));
  return `^(${escaped.join('|')})$`;
}

/** Returns a document for RabbitMQ's /api/definitions: everything that the services need, and who may use it. */
export function definitions(vhost: string, passwords: ReadonlyMap<string, string>) {
  const durable = { vhost, durable: true, auto_delete: false };
  return {
    vhosts: [{ name: vhost }],
    users: [...passwords].map(([name, password]) => ({ name, password, tags: '' })),
    permissions: [...passwords.keys()].map((user) => {
      const { configure, write, read } = permissionsOf(user);
      return { user, vhost, configure: pattern(configure), write: pattern(write), read: pattern(read) };
    }),
    exchanges: exchanges.map(({ name, type }) => ({
      ...durable,
      name,
      type,
      internal: false,
      arguments: {},
    })),
    queues: declaredQueues.map((queue) => ({ ...durable, ...queue })),
    bindings: bindings.map(({ exchange, queue, key }) => ({
      vhost,
      source: exchange,
      destination: queue,
      destination_type: 'queue',
      routing_key: key,
      arguments: {},
    })),
  };
}
