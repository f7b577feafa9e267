import { setTimeout as sleep } from 'node:timers/promises';
import { isReady } from '../support/is-ready';

export interface Replica {
  readonly url: URL;
}

const POLL_EVERY_MS = 250;

/** Watches which replicas of a service report that they are ready. */
export function watchReplicas(urls: readonly URL[], internalUrls: readonly URL[]) {
  const replicas = urls.map((url, index) => ({ url, internalUrl: internalUrls[index], ready: false }));
  for (const replica of replicas) {
    void watch(replica);
  }
  let turn = 0;
  return {
    /** Returns all replicas in the order to try: the ready ones in rotation, then the others as a last resort. */
    inTurn(): Replica[] {
      const ready = replicas.filter((replica) => replica.ready);
      const first = ready.length === 0 ? 0 : turn++ % ready.length;
      const rest = replicas.filter((replica) => !replica.ready);
      return [...ready.slice(first), ...ready.slice(0, first), ...rest];
    },
  };
}

async function watch(replica: { internalUrl: URL | undefined; ready: boolean }): Promise<never> {
  for (;;) {
    replica.ready = replica.internalUrl === undefined || (await isReady(replica.internalUrl));
    await sleep(POLL_EVERY_MS);
  }
}
