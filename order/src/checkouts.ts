import { v7 as uuid } from 'uuid';
import { type Batcher, smartBatch } from '../../shared/batch';
import type { Outbox } from '../../shared/outbox/outbox';
import type { Database } from '../../shared/postgres/database';
import { CommitUnknown } from '../../shared/postgres/errors';
import type { CheckoutDecision, CheckoutRequest } from './saga/1-request-checkout/decide';
import { requestCheckouts } from './saga/1-request-checkout/step';

/** Times a batch is run whose COMMIT got lost. */
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
      // What was committed unseen is joined, or has ended by now and its id is taken for ever: a new one is offered.
      return open(
        requests.map((request) => ({ ...request, saga_id: uuid() })),
        attempt + 1,
      );
    }
  }

  return smartBatch({ max: options.batchSize, inFlight: options.batchesInFlight, run: open });
}
