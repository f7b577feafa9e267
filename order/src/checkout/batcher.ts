import type { Caution } from '../../../shared/inbox/caution';
import type { Outbox } from '../../../shared/outbox/outbox';
import { CommitUnknown, causeOf } from '../../../shared/postgres/errors';
import type { Attempts, Patience } from '../../../shared/postgres/patience';
import { type Batcher, smartBatch } from '../../../shared/service/batch';
import type { CheckoutDecision, CheckoutRequest } from '../saga/1-request-checkout/decide';
import { requestCheckouts } from '../saga/1-request-checkout/step';
import { requestWithoutWaiting, requestWithoutWriting } from '../saga/1-request-checkout/without-waiting';

/** The most runs, at once, of a batch whose COMMIT keeps ending with an unknown result. */
const MAX_ATTEMPTS = 3;

/** An order may be locked by the session whose COMMIT was lost, and which then has opened its saga. */
function afterLostCommit(decision: CheckoutDecision, lost: CommitUnknown): CheckoutDecision {
  switch (decision.kind) {
    case 'repeated':
      return { ...decision, kind: 'joined' };
    case 'locked':
      return { ...decision, lost };
    default:
      return decision;
  }
}

/** Checkouts that arrive while a transaction is running go into the next one together. */
export function openCheckouts(options: {
  outbox: Pick<Outbox, 'transaction'>;
  caution: Caution;
  patience: Patience;
  batchSize: number;
  batchesInFlight: number;
  cancelAfterMs: number;
}): Batcher<CheckoutRequest, CheckoutDecision> {
  const { outbox, caution, patience, batchSize, batchesInFlight, cancelAfterMs } = options;

  /**
   * If the result of a COMMIT is unknown, the batch runs again. If the COMMIT did succeed, each request joins the saga
   * that it opened, or opens the next one if that saga has failed by then. A request that finds its idempotency key
   * stored joins that saga, too: it must wait for the outcome if the key is its own, and may if it is not.
   *
   * If a lock was not had in time, the batch runs again without waiting for any row: nothing happened the first time. If
   * that does not help either, the whole table is locked, and the batch only learns which orders need nothing written.
   *
   * While the database is away for a few seconds, the batch waits for it.
   */
  async function open(requests: CheckoutRequest[]): Promise<CheckoutDecision[]> {
    const attempts: Attempts = { mayHaveHappened: true };
    const lostCommits: CommitUnknown[] = [];
    let decide = caution.isAdvised() ? requestWithoutWaiting : requestCheckouts;
    for (;;) {
      try {
        patience.check();
        const { decisions } = await outbox.transaction((tx) => decide(tx, requests, cancelAfterMs));
        // Our own transactions lock an order for milliseconds, so finding it locked once proves nothing.
        if (decisions.some(({ kind }, i) => kind === 'locked' && requests[i]?.was_locked)) {
          caution.advise();
        }
        const [lost] = lostCommits;
        return lost === undefined ? decisions : decisions.map((decision) => afterLostCommit(decision, lost));
      } catch (error) {
        if (error instanceof CommitUnknown && lostCommits.push(error) < MAX_ATTEMPTS) {
          continue;
        }
        if (causeOf(error) === 'locked' && decide !== requestWithoutWriting) {
          decide = decide === requestCheckouts ? requestWithoutWaiting : requestWithoutWriting;
          caution.advise();
          continue;
        }
        if (await patience.isWorthRepeating(error, attempts)) {
          continue;
        }
        // Whatever has failed since, a COMMIT that was lost may have happened.
        throw lostCommits[0] ?? error;
      }
    }
  }

  return smartBatch({ max: batchSize, inFlight: batchesInFlight, run: open });
}
