import { join } from 'node:path';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { folders } from '../places';

/** What a cluster of our own does with claims and volumes. The functions are pure. */

export const STORAGE_CLASS = 'node-folder';
const PROVISIONER = 'chandlery/node-folder';

/** Returns the volume that a claim waits for; undefined when it waits for nothing, or for a node to be chosen. */
export function volumeFor({
  metadata,
  spec,
  status,
}: V1PersistentVolumeClaim): V1PersistentVolume | undefined {
  const node = metadata?.annotations?.['volume.kubernetes.io/selected-node'];
  if (status?.phase !== 'Pending' || spec?.storageClassName !== STORAGE_CLASS || node === undefined) {
    return undefined;
  }
  const { namespace = '', name: claim = '', uid = '' } = metadata ?? {};
  const name = `pvc-${uid}`;
  const isHere = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
    spec: {
      capacity: { storage: spec.resources?.requests?.storage ?? '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: STORAGE_CLASS,
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim, uid },
      local: { path: join(folders.nodes, node, 'volumes', name) },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isHere] }] } },
    },
  };
}

/** Whether nobody claims a volume any more. */
export function isReleased({ spec, status }: V1PersistentVolume): boolean {
  return spec?.storageClassName === STORAGE_CLASS && ['Released', 'Failed'].includes(status?.phase ?? '');
}
