import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '../../../shared/services';
import type { Random } from '../random';
import type { Messages } from '../rig/messages';
import type { Poison } from '../rig/poison';
import type { Replica } from '../rig/replica';
import type { Rig } from '../rig/rig';

/** One way in which a machine room breaks. */
export interface Fault {
  /** What the report calls it: unique. */
  readonly name: string;
  /** The chapter of the report that it belongs to. */
  readonly kind: string;
  /** So many milliseconds must pass before it strikes again. */
  readonly restMs?: number;
  /** Breaks something and mends it again; resolves when it is mended. */
  strike(scene: Scene): Promise<void>;
}

/** What a fault has to work with. */
export interface Scene {
  readonly rig: Rig;
  readonly messages: Messages;
  readonly poison: Poison;
  readonly random: Random;
  /** To be called at the moment of the strike; a fault that finds nothing to break does not call it. */
  struck(): void;
}

const WAIT_FOR_REPLICA_MS = 10_000;

/**
 * Works on a replica of the service that no other fault is working on, waiting for one if it must.
 * @param others whether another replica has to be up, because nobody would do this to the last one knowingly
 */
export async function withReplica(
  { rig, random }: Scene,
  service: ServiceName,
  work: (replica: Replica) => Promise<unknown>,
  { others = false } = {},
): Promise<void> {
  const all = rig.replicas.filter((replica) => replica.service === service);
  for (const end = Date.now() + WAIT_FOR_REPLICA_MS; Date.now() < end; await sleep(100)) {
    const free = all.filter((replica) => !replica.isTaken);
    if (free.length === 0 || (others && all.length > 1 && all.some((replica) => replica.isDown))) {
      continue;
    }
    const replica = random.pick(free);
    replica.isTaken = true;
    try {
      await work(replica);
    } finally {
      replica.isTaken = false;
    }
    return;
  }
}

/** For what there is only one of. */
const working = new Map<string, Promise<unknown>>();
export async function alone(what: string, work: () => Promise<unknown>): Promise<void> {
  const mine = (working.get(what) ?? Promise.resolve()).then(work);
  working.set(
    what,
    mine.catch(() => {}),
  );
  await mine;
}
