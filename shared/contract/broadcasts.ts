import { z } from 'zod';
import { failureReason } from './events';

/**
 * What a replica sends to the other replicas of its own service. Each name is an exchange; the part before the dot is
 * the service. A broadcast is only a hint, so nothing about it is durable: it may be
 * lost, and its receivers must have another way to find out.
 */
export const broadcasts = {
  /** Sagas that have ended, for the replicas whose clients wait for them. */
  'order.settled': z.array(
    z.object({ saga_id: z.uuid(), state: z.enum(['PAID', 'FAILED']), reason: failureReason.nullable() }),
  ),
} as const;

export type BroadcastName = keyof typeof broadcasts;

export const broadcastNames = Object.keys(broadcasts) as BroadcastName[];
