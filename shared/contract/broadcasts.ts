import { z } from 'zod';
import { failureReason } from './events';

/**
 * What a replica tells other replicas, of its own service or of another. Each name is an exchange; the part before the dot
 * is the service that sends. A broadcast is only a hint, so nothing about it is durable: it may be lost, and its
 * receivers must have another way to find out.
 */
export const broadcasts = {
  /** Sagas that have ended, for the replicas whose clients wait for them. */
  'order.settled': {
    heardBy: 'order',
    data: z.array(
      z.object({ saga_id: z.uuid(), state: z.enum(['PAID', 'FAILED']), reason: failureReason.nullable() }),
    ),
  },
  /** How many units of items can be sold, and when that was read, in milliseconds by the clock of stock's database. */
  'stock.levels': {
    heardBy: 'catalog',
    data: z.object({ at: z.number(), levels: z.array(z.tuple([z.string(), z.int().min(0)])) }),
  },
} as const;

export type BroadcastName = keyof typeof broadcasts;
export type BroadcastData<Name extends BroadcastName> = z.infer<(typeof broadcasts)[Name]['data']>;

export const broadcastNames = Object.keys(broadcasts) as BroadcastName[];

/** Returns what a broadcast says, or undefined if it is not valid. */
export function readBroadcast<Name extends BroadcastName>(
  name: Name,
  body: string,
): BroadcastData<Name> | undefined {
  try {
    return broadcasts[name].data.safeParse(JSON.parse(body)).data as BroadcastData<Name> | undefined;
  } catch {
    return undefined;
  }
}
