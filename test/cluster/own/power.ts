import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnCluster } from './cluster';
import { folders } from './places';

/**
 * Which nodes shall be off: each has a file. Commands in other terminals write and delete these, and the process that
 * runs the cluster does what they say.
 */

const LOOK_EVERY_MS = 200;
const SWITCHED_WITHIN_MS = 60_000;

const wish = (node: string) => join(folders.off, node);
/** The record of its first process. */
const isOn = (node: string) => existsSync(join(folders.running, `${node}.json`));

/**
 * Has a node of the cluster that runs switched off, as by a power failure, or on. Returns when that is done; Kubernetes
 * notices later.
 * @throws Error when there is no such node, or it does not happen
 */
export async function switchNode(node: string, state: 'off' | 'on'): Promise<void> {
  if (!existsSync(join(folders.nodes, node))) {
    throw new Error(`There is no node "${node}": npm run cluster -- status lists them.`);
  }
  if (state === 'off') {
    mkdirSync(folders.off, { recursive: true });
    writeFileSync(wish(node), '');
  } else {
    rmSync(wish(node), { force: true });
  }
  for (
    const end = Date.now() + SWITCHED_WITHIN_MS;
    isOn(node) !== (state === 'on');
    await sleep(LOOK_EVERY_MS)
  ) {
    if (Date.now() > end) {
      throw new Error(`The node ${node} was not switched ${state}: its log is in ${folders.logs}.`);
    }
  }
}

/**
 * Switches nodes off and on as wished.
 * @param failed is called when that cannot be done
 * @returns a function that stops this, and waits for what is being done
 */
export function keepSwitching(cluster: OwnCluster, failed: (reason: Error) => void): () => Promise<void> {
  let stopped = false;
  const keep = async () => {
    for (; !stopped; await sleep(LOOK_EVERY_MS)) {
      for (const node of cluster.nodes) {
        const wanted = !existsSync(wish(node.name));
        if (wanted !== isOn(node.name) && !stopped) {
          await (wanted ? cluster.startNode(node) : cluster.powerOff(node));
        }
      }
    }
  };
  const kept = keep().catch(failed);
  return async () => {
    stopped = true;
    await kept;
  };
}
