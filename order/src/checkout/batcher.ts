import { v7 as uuid } from 'uuid';
import type { Outbox } from '../../../shared/outbox/outbox';
import { CommitUnknown } from '../../../shared/postgres/errors';
import { type Batcher, smartBatch } from '../../../shared/service/batch';
import type { CheckoutDecision, CheckoutRequest } from '../saga/1-request-checkout/decide';
import { requestCheckouts } from '../saga/1-request-checkout/step';

/** Times a batch is run whose COMMIT got lost. */
const MAX_ATTEMPTS = 3;

/** The checkouts that arrive while a transaction is under way are the next transaction. */
export function openCheckouts(options: {
  outbox: Pick<Outbox, 'transaction'>;
  batchSize: number;
  batchesInFlight: number;
  cancelAfterMs: number;
}): Batcher<CheckoutRequest, CheckoutDecision> {
  const { outbox, batchSize, batchesInFlight, cancelAfterMs } = options;

  /**
   * When a COMMIT gets lost, the batch is run again. What was committed unseen is joined, also by a request whose own
   * key says that it was answered by that saga; or it has ended by now, and as its id is taken for ever, a new one is
   * offered.
   */
  async function open(requests: CheckoutRequest[]): Promise<CheckoutDecision[]> {
    const offered = new Set<string>();
    for (let attempt = 1; ; attempt++) {
      try {
        const { decisions } = await outbox.transaction((tx) => requestCheckouts(tx, requests, cancelAfterMs));
        return decisions.map((decision) =>
          decision.kind === 'repeated' && offered.has(decision.saga_id)
            ? { ...decision, kind: 'joined' }
            : decision,
        );
      } catch (error) {
        if (!(error instanceof CommitUnknown) || attempt === MAX_ATTEMPTS) {
          throw error;
        }
        for (const { saga_id } of requests) {
          offered.add(saga_id);
        }
        requests = requests.map((request) => ({ ...request, saga_id: uuid() }));
      }
    }
  }

  return smartBatch({ max: batchSize, inFlight: batchesInFlight, run: open });
}
