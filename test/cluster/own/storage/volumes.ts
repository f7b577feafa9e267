import { join } from 'node:path';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { MAX_NODES, nodesOf } from '../places';

/** What a cluster of our own does with claims and volumes. The functions are pure. */

export const STORAGE_CLASS = 'node-folder';
const PROVISIONER = 'chandlery/node-folder';
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

/** Where volumes of this name are, by their node. Objects of the cluster have no say in that: the folders are the machine's. */
const foldersOf = (name: string) =>
  new Map(nodesOf(MAX_NODES, 'ipv4').map(({ name: node, folder }) => [node, join(folder, 'volumes', name)]));

/** Returns the volume that a claim waits for; undefined when it waits for nothing, or for a node to be chosen. */
export function volumeFor({
  metadata,
  spec,
  status,
}: V1PersistentVolumeClaim): V1PersistentVolume | undefined {
  const node = metadata?.annotations?.['volume.kubernetes.io/selected-node'];
  const { namespace = '', name: claim = '', uid = '' } = metadata ?? {};
  const name = `pvc-${uid}`;
  const path = foldersOf(name).get(node ?? '');
  if (status?.phase !== 'Pending' || spec?.storageClassName !== STORAGE_CLASS || path === undefined) {
    return undefined;
  }
  const isHere = { key: 'kubernetes.io/hostname', operator: 'In', values: [node ?? ''] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      capacity: { storage: spec.resources?.requests?.storage ?? '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: STORAGE_CLASS,
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim, uid },
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isHere] }] } },
    },
  };
}

/**
 * Returns the folders that a volume of ours may be in, once nobody claims it any more; undefined until then, and when it
 * shall stay.
 */
export function foldersToDelete({ metadata, spec, status }: V1PersistentVolume): string[] | undefined {
  const { name = '', annotations = {} } = metadata ?? {};
  const isOurs = annotations[PROVISIONED_BY] === PROVISIONER && /^pvc-[0-9a-f-]+$/.test(name);
  const isReleased = ['Released', 'Failed'].includes(status?.phase ?? '');
  return isOurs && isReleased && spec?.persistentVolumeReclaimPolicy === 'Delete'
    ? [...foldersOf(name).values()]
    : undefined;
}

/**
 * Returns the class with the nodes that may hold volumes: all but the last, so that a node can be drained or lost without a
 * database, wherever the scheduler would have put it.
 */
export function withTopology<Class extends object>(storageClass: Class, nodes: readonly string[]): Class {
  const values = nodes.slice(0, -1);
  return values.length === 0
    ? storageClass
    : {
        ...storageClass,
        allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values }] }],
      };
}
