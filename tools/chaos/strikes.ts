import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from './faults/fault';
import { Random } from './random';
import type { Planned } from './schedule';

/** A fault that was due, and what came of it. Times are those of performance.now(). */
export interface Strike {
  name: string;
  kind: string;
  /** When it struck; absent when it found nothing to break. */
  at?: number;
  endedAt?: number;
  /** Why it could not be carried out: a fault of the arrangement, and not of the shop. */
  failed?: string;
}

/** Carries out the plan; resolves when the last fault has been mended. */
export async function carryOut(
  planned: readonly Planned[],
  scene: Omit<Scene, 'random' | 'struck'>,
  strikes: Strike[],
): Promise<void> {
  const began = performance.now();
  const underWay: Promise<void>[] = [];
  for (const { at, fault, seed } of planned) {
    await sleep(Math.max(0, began + at - performance.now()));
    const strike: Strike = { name: fault.name, kind: fault.kind };
    strikes.push(strike);
    const struck = () => {
      strike.at ??= performance.now();
    };
    const ended = fault
      .strike({ ...scene, random: new Random(seed), struck })
      .catch((error: Error) => {
        strike.failed = error.message;
      })
      .finally(() => {
        strike.endedAt = performance.now();
      });
    underWay.push(ended);
  }
  await Promise.all(underWay);
}
