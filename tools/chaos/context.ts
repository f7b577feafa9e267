import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../shared/observe/log';
import { perParticipant } from '../../shared/services';
import type { ShopDatabases } from '../support/databases';
import { openDatabases } from '../support/databases';
import { Client } from './load/client';
import { DeadLetters } from './rig/dead-letters';
import { Messages } from './rig/messages';
import { PoisonMessages } from './rig/poison';
import { type Rig, startRig } from './rig/rig';
import { Counters } from './verdict/counters';

/** A running shop, with everything that a run needs to load it, break it and check it. */
export interface RunContext {
  readonly rig: Rig;
  readonly client: Client;
  readonly messages: Messages;
  readonly poison: PoisonMessages;
  readonly deadLetters: DeadLetters;
  readonly databases: ShopDatabases;
  readonly counters: Counters;
  stop(): Promise<void>;
}

/** Longer than the client's balancer takes to find out which replicas are ready. */
const BALANCER_MS = 1_000;

export async function openContext(
  home: string,
  { replicas, brokerNodes }: { replicas: number; brokerNodes: number },
  say: (text: string) => void,
): Promise<RunContext> {
  const rig = await startRig({ home, replicas, brokerNodes, say });
  const log = createLogger({ service: 'chaos', level: 'silent', format: 'json' });
  const client = new Client(rig.addresses, rig.gateway.url);
  const messages = await Messages.open(rig.broker.url(), log);
  const poison = new PoisonMessages();
  const databases = openDatabases('chaos', perParticipant(rig.databases.url), log);
  const internalUrls = Object.values(rig.addresses).flatMap((service) => service.internalUrls);
  const counters = new Counters(internalUrls, ['saga_duplicates_total']);
  await sleep(BALANCER_MS);
  return {
    rig,
    client,
    messages,
    poison,
    deadLetters: new DeadLetters(messages, poison),
    databases,
    counters,
    async stop() {
      await counters.stop();
      await client.close();
      await messages.close();
      await databases.close();
      await rig.stop();
    },
  };
}
