import type { Channel } from 'amqplib';
import type { Logger } from '../observe/log';
import { topologyProblems, topologyRepaired } from '../observe/metrics';
import { type Calls, NOT_ALLOWED, NOT_FOUND, OTHER_ARGUMENTS, openCalls, type Refusal } from './calls';
import { belongsTo, bindings, declaredQueues, exchanges } from './topology';

/**
 * What a process declares: everything, as on one machine; what belongs to its service, where each service has a login of
 * its own; or nothing. It checks the rest.
 */
export type TopologyMode = 'declare' | 'own' | 'check';

/**
 * Puts the topology right: all of it, or the part of it that belongs to the service, which is what matters most. Its
 * guarantee: what this process may declare and what is missing is declared again, and said so if this process has seen
 * it before. Bindings are made every time, because AMQP cannot check them. A fault in one part does not keep the others
 * from working.
 */
export interface Topology {
  /**
   * @param openChannel opens a channel of the caller's connection; all that it opens are closed again
   * @throws when the connection is lost, or lacks an exchange or a queue that the service itself needs
   */
  ensure(openChannel: () => PromiseLike<Channel>): Promise<void>;
  /** Does the same with the service's own part. */
  ensureOwn(openChannel: () => PromiseLike<Channel>): Promise<void>;
  /** Whether something was missing at the last look, and could not be declared. */
  isIncomplete(): boolean;
}

interface Part {
  readonly name: string;
  readonly kind: 'exchange' | 'queue';
  check(channel: Channel): PromiseLike<unknown>;
  declare(channel: Channel): PromiseLike<unknown>;
}

const exchangeParts: readonly Part[] = exchanges.map(({ name, type }) => ({
  name,
  kind: 'exchange',
  check: (channel) => channel.checkExchange(name),
  declare: (channel) => channel.assertExchange(name, type, { durable: true }),
}));
const queueParts: readonly Part[] = declaredQueues.map(({ name, arguments: settings }) => ({
  name,
  kind: 'queue',
  check: (channel) => channel.checkQueue(name),
  declare: (channel) => channel.assertQueue(name, { durable: true, arguments: settings }),
}));

/** @param options.service without it, all of the topology is needed */
export function openTopology(options: { mode: TopologyMode; service?: string; log: Logger }): Topology {
  const { mode, service, log } = options;
  const isOwn = (name: string) => service === undefined || belongsTo(service, name);
  const mayDeclare = (name: string) => mode === 'declare' || (mode === 'own' && isOwn(name));
  /** What was there when this process last looked. If it is missing later, it was lost. */
  const seen = new Set<string>();
  /** By what they are of: a part, or the binding of one, which begins with its name. */
  let problems = new Map<string, string>();
  const partOf = (key: string) => key.split(' ', 1)[0] as string;
  let incomplete = false;
  for (const { name } of [...exchangeParts, ...queueParts].filter(({ name }) => mayDeclare(name))) {
    topologyRepaired.inc({ name }, 0);
  }

  /** Returns whether the exchange or queue can be used. */
  async function ensurePart(part: Part, calls: Calls, found: Map<string, string>): Promise<boolean> {
    const { name, kind } = part;
    const unseen = await calls.refusalOf(part.check);
    // Since RabbitMQ 4.2.6, a user must have some right to see what it does not declare.
    if (unseen?.code === NOT_ALLOWED && !mayDeclare(name)) {
      return true;
    }
    const absent = unseen?.code === NOT_FOUND;
    // Forgotten at once, because another connection of this process may be looking at the same time.
    const wasLost = absent && seen.delete(name);
    const refusal = mayDeclare(name) ? await calls.refusalOf(part.declare) : undefined;
    const isThere = unseen === undefined || (mayDeclare(name) && refusal === undefined);
    if (isThere) {
      seen.add(name);
    }
    if (refusal !== undefined) {
      found.set(name, explain(part, refusal));
    } else if (!isThere) {
      found.set(name, `${kind} ${name} is missing, and this service does not declare it`);
    } else if (wasLost) {
      topologyRepaired.inc({ name });
      log.error({ [kind]: name }, LOST[kind]);
    } else if (absent) {
      log.info({ [kind]: name }, `declared a new ${kind}`);
    }
    return isThere;
  }

  /** Returns whether every binding of the queue is there. */
  async function bind(queue: string, calls: Calls, found: Map<string, string>): Promise<boolean> {
    let isBound = true;
    for (const { exchange, key } of bindings.filter((binding) => binding.queue === queue)) {
      const refusal = await calls.refusalOf((channel) => channel.bindQueue(queue, exchange, key));
      if (refusal !== undefined) {
        isBound = false;
        found.set(
          `${queue} ${exchange} ${key}`,
          refusal.code === NOT_FOUND
            ? `${queue} cannot be bound to ${exchange} before its service has declared it`
            : `${queue} cannot be bound to ${exchange} for ${key}: ${refusal.message}. ${RIGHTS}`,
        );
      }
    }
    return isBound;
  }

  function report(found: Map<string, string>, isLookedAt: (name: string) => boolean): void {
    for (const [name, text] of found) {
      if (problems.get(name) !== text) {
        log.error({ problem: text }, 'the topology of the broker is not as it should be');
      }
    }
    const others = [...problems].filter(([key]) => !isLookedAt(partOf(key)));
    if (found.size + others.length === 0 && problems.size > 0) {
      log.info('the topology of the broker is as it should be again');
    }
    problems = new Map([...others, ...found]);
    topologyProblems.set(problems.size);
  }

  async function ensure(
    isLookedAt: (name: string) => boolean,
    openChannel: () => PromiseLike<Channel>,
  ): Promise<void> {
    const found = new Map<string, string>();
    const ensureAll = (parts: readonly Part[]) =>
      Promise.all(
        parts
          .filter(({ name }) => isLookedAt(name))
          .map(async (part) => {
            const calls = openCalls(openChannel);
            const isThere = await ensurePart(part, calls, found);
            const isDone =
              isThere &&
              (part.kind === 'exchange' || !mayDeclare(part.name) || (await bind(part.name, calls, found)));
            await calls.close();
            return { name: part.name, isThere, isDone };
          }),
      );
    // Queues are bound to exchanges, so those come first.
    const all = [...(await ensureAll(exchangeParts)), ...(await ensureAll(queueParts))];
    incomplete = all.some(({ isDone }) => !isDone);
    report(found, isLookedAt);
    const lacking = all.filter(({ name, isThere }) => !isThere && isOwn(name));
    if (lacking.length > 0) {
      throw new Error(lacking.map(({ name }) => found.get(name)).join('; '));
    }
  }

  return {
    isIncomplete: () => incomplete,
    ensure: (openChannel) => ensure(() => true, openChannel),
    ensureOwn: (openChannel) => ensure(isOwn, openChannel),
  };
}

const LOST = {
  exchange:
    'an exchange was missing and has been declared again. What could not be published is still in the outbox. The ' +
    'services bind their queues to it within ten seconds; whoever misses an event until then asks for it',
  queue:
    'a queue was missing and has been declared again. The events in it are lost, and captures that were published ' +
    'meanwhile; the sagas that they belong to are cancelled or asked about. See docs/runbooks/BrokerTopologyRepaired.md',
};

const RIGHTS = 'Give its user the right to: tools/deploy/define-broker.ts does';

function explain({ name, kind }: Part, { code, message }: Refusal): string {
  if (code === OTHER_ARGUMENTS) {
    return (
      `${kind} ${name} exists with other settings than this version declares, and is used as it is (${message}). ` +
      `To replace it: let it run empty, then delete it; it is declared again within seconds`
    );
  }
  if (code === NOT_ALLOWED) {
    return `${kind} ${name} may not be declared by this user (${message}). ${RIGHTS}`;
  }
  return `${kind} ${name} cannot be declared: ${message}`;
}
