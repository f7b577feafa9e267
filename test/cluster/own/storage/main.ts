// Creates a volume for each claim, as soon as the scheduler has chosen a node, and deletes those that nobody claims any
// more. It runs in the cluster's network until it is ended.
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api } from '@kubernetes/client-node';
import { foldersToDelete, volumeFor } from './volumes';

const POLL_MS = 1_000;

async function main(): Promise<void> {
  // An ES module, which can be loaded only like this.
  const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromDefault();
  const core = config.makeApiClient(CoreV1Api);
  for (;;) {
    try {
      await look(core);
    } catch (error) {
      // The API server may be busy. What was not done is done the next time.
      console.error((error as Error).message);
    }
    await sleep(POLL_MS);
  }
}

async function look(core: CoreV1Api): Promise<void> {
  const claims = await core.listPersistentVolumeClaimForAllNamespaces();
  const volumes = await core.listPersistentVolume();
  const existing = new Set(volumes.items.map(({ metadata }) => metadata?.name));
  for (const volume of claims.items.map(volumeFor).filter((wanted) => wanted !== undefined)) {
    if (!existing.has(volume.metadata?.name)) {
      // Kubelet gives the folder to the pod's group.
      mkdirSync(volume.spec?.local?.path ?? '', { recursive: true });
      await core.createPersistentVolume({ body: volume });
      console.log(`created ${volume.metadata?.name} for ${volume.spec?.claimRef?.name}`);
    }
  }
  for (const volume of volumes.items) {
    const name = volume.metadata?.name ?? '';
    const folders = foldersToDelete(volume);
    if (folders !== undefined) {
      for (const folder of folders) {
        rmSync(folder, { recursive: true, force: true });
      }
      await core.deletePersistentVolume({ name });
      console.log(`deleted ${name}`);
    }
  }
}

void main();
