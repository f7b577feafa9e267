import { setTimeout as sleep } from 'node:timers/promises';
import type { ParticipantName } from '../../../shared/services';
import type { Random } from '../random';
import type { DeadLetters } from '../rig/dead-letters';
import type { Messages } from '../rig/messages';
import type { PoisonMessages } from '../rig/poison';
import type { Replica } from '../rig/replica';
import type { Rig } from '../rig/rig';

/** One way in which a process, a server, a link or a message can fail. */
export interface Fault {
  /** The unique name in the report. */
  readonly name: string;
  /** The group that the report counts it in, and that --faults selects. */
  readonly kind: string;
  /** At least this many milliseconds pass between two faults of this kind. */
  readonly minGapMs?: number;
  /** How long it lasts, if that is longer than a few seconds. It is injected only if it can end before the run does. */
  readonly lastsMs?: number;
  /** Says why the fault is left out, if this machine cannot have it. */
  leftOut?(rig: Rig): string | undefined;
  /** Injects the fault and ends it again. Resolves when it has ended. */
  inject(context: FaultContext): Promise<void>;
}

/** The fault has ended, and the shop has not put right what it should have put right by itself. */
export class NotRecovered extends Error {}

/** What a fault works with. */
export interface FaultContext {
  readonly rig: Rig;
  readonly messages: Messages;
  readonly poison: PoisonMessages;
  readonly deadLetters: DeadLetters;
  readonly random: Random;
  /** Call it at the moment of the injection. A fault that finds nothing to break does not call it. */
  markInjected(): void;
  /** Says what the rig has mended, as a runbook tells an operator to: the shop did not put it right by itself. */
  markMended(what: string): void;
}

/** Between two faults that take the whole shop down: most of a run is to happen while the servers are up. */
export const OUTAGE_GAP_MS = 45_000;

const WAIT_FOR_REPLICA_MS = 10_000;

/**
 * Runs `work` on a random replica of the service that is under no other fault. Waits for one if there is none, and gives
 * up without an error after 10 s.
 * @param othersUp whether all replicas of the service must be up when there are several, because no operator would
 *   knowingly do this to the last one
 */
export async function withReplica(
  { rig, random }: FaultContext,
  service: ParticipantName,
  work: (replica: Replica) => Promise<unknown>,
  { othersUp = false } = {},
): Promise<void> {
  const replicas = rig.replicas.filter((replica) => replica.service === service);
  for (const end = Date.now() + WAIT_FOR_REPLICA_MS; Date.now() < end; await sleep(100)) {
    const free = replicas.filter((replica) => !replica.isUnderFault);
    if (
      free.length === 0 ||
      (othersUp && replicas.length > 1 && replicas.some((replica) => replica.isDown))
    ) {
      continue;
    }
    const replica = random.pick(free);
    replica.isUnderFault = true;
    try {
      await work(replica);
    } finally {
      replica.isUnderFault = false;
    }
    return;
  }
}

/** Per resource, resolves when the last work on it has ended. */
const lastWork = new Map<string, Promise<unknown>>();

/** Runs one piece of work at a time on a resource that exists only once. */
export function exclusively<T>(resource: string, work: () => Promise<T>): Promise<T> {
  const own = (lastWork.get(resource) ?? Promise.resolve()).then(work);
  lastWork.set(
    resource,
    own.catch(() => {}),
  );
  return own;
}
