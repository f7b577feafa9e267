import { ofKind } from '../manifests';
import type { Policy } from './pods';

/** Waiting for clients to leave helps nobody: services keep their connections, and no replica takes over meanwhile. */
export const primariesStopAtOnce: Policy = (manifests) =>
  ofKind<{ smartShutdownTimeout?: number }>(manifests, 'Cluster')
    .filter(({ spec }) => spec.smartShutdownTimeout !== 0)
    .map(({ metadata }) => `${metadata.name}: its primary waits for its clients before it stops`);
