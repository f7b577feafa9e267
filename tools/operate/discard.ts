import { ownerOf, type ShopConnections } from './connections';
import { readBody } from './dead-letter';
import { type Operator, recordAction } from './operator-actions';
import { type Result, takeDeadLetters } from './take-dead-letters';
import type { Selection } from './visit-dead-letters';

export interface DiscardOptions extends Operator {
  dryRun: boolean;
  reason: string;
}

/** How much of the body of a discarded dead letter is kept, in bytes. */
const MAX_KEPT = 65_536;

/** Deletes dead letters. Their contents are kept with the record of who discarded them, and why. */
export function discardDeadLetters(
  shop: ShopConnections,
  selection: Selection,
  options: DiscardOptions,
): Promise<Result> {
  return takeDeadLetters(
    shop,
    selection,
    options.dryRun,
    'discarded',
    async (deadLetter, { headers, body }) => {
      const database = shop.databases[ownerOf(deadLetter.queue)];
      await recordAction(database, 'discard', deadLetter, options, {
        headers,
        ...readBody(body.subarray(0, MAX_KEPT)),
      });
    },
  );
}
