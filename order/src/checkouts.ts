import { type Batcher, smartBatch } from '../../shared/batch';
import type { Outbox } from '../../shared/outbox/outbox';
import type { Database } from '../../shared/postgres/database';
import { CommitUnknown } from '../../shared/postgres/errors';
import type { CheckoutDecision, CheckoutRequest } from './saga/1-request-checkout/decide';
import { requestCheckouts } from './saga/1-request-checkout/step';

/** Times a batch is run whose COMMIT got lost: run again, each request finds the saga it opened, if it did. */
const MAX_ATTEMPTS = 3;

/** The checkouts that arrive while a transaction is under way are the next transaction. */
export function openCheckouts(options: {
  database: Database;
  outbox: Outbox;
  batchSize: number;
  batchesInFlight: number;
  cancelAfterMs: number;
}): Batcher<CheckoutRequest, CheckoutDecision> {
  const { database, outbox, cancelAfterMs } = options;

  async function open(requests: CheckoutRequest[], attempt = 1): Promise<CheckoutDecision[]> {
    try {
      const { decisions, rows } = await database.transaction(async (tx) => {
        const { decisions, emit } = await requestCheckouts(tx, requests, cancelAfterMs);
        return { decisions, rows: await outbox.store(tx, emit) };
      });
      outbox.publish(rows);
      return decisions;
    } catch (error) {
      if (!(error instanceof CommitUnknown) || attempt === MAX_ATTEMPTS) throw error;
      return open(requests, attempt + 1);
    }
  }

  return smartBatch({ max: options.batchSize, inFlight: options.batchesInFlight, run: open });
}
