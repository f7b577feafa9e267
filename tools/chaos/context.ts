import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../shared/observe/log';
import { perService } from '../../shared/services';
import type { ShopDatabases } from '../support/databases';
import { openDatabases } from '../support/databases';
import { Client } from './load/client';
import { Messages } from './rig/messages';
import { Poison } from './rig/poison';
import { type Rig, startRig } from './rig/rig';
import { Counters } from './verdict/counters';

/** A running shop, and everything that a run looks at it and gets at it with. */
export interface RunContext {
  readonly rig: Rig;
  readonly client: Client;
  readonly messages: Messages;
  readonly poison: Poison;
  readonly books: ShopDatabases;
  readonly counters: Counters;
  stop(): Promise<void>;
}

/** Longer than the client's balancer takes to find out who is ready. */
const BALANCER_MS = 1_000;

export async function openContext(
  home: string,
  replicas: number,
  say: (text: string) => void,
): Promise<RunContext> {
  const rig = await startRig({ home, replicas, say });
  const log = createLogger({ service: 'chaos', level: 'silent', format: 'json' });
  const client = new Client(rig.addresses);
  const messages = await Messages.open(rig.broker.url(), log);
  const books = openDatabases(perService(rig.databases.url), log);
  const internalUrls = Object.values(rig.addresses).flatMap((service) => service.internalUrls);
  const counters = new Counters(internalUrls, ['saga_duplicates_total']);
  await sleep(BALANCER_MS);
  return {
    rig,
    client,
    messages,
    poison: new Poison(),
    books,
    counters,
    async stop() {
      await counters.stop();
      await client.close();
      await messages.close();
      await books.close();
      await rig.stop();
    },
  };
}
