import { failureReason } from '../../../shared/contract/events';
import type { Logger } from '../../../shared/observe/log';
import { traceId } from '../../../shared/observe/trace';
import { sagaDuration } from '../metrics';
import type { Sale, Settlement } from '../saga/5-settle-checkout/decide';

/** The metric's labels for a paid and a disputed checkout; a failed one is labelled with its reason. */
const PAID = 'paid';
const DISPUTED = 'disputed';

/** Exports every outcome as 0 before the first checkout ends with it. */
export function zeroOutcomes(): void {
  for (const outcome of [PAID, DISPUTED, ...failureReason.options]) {
    sagaDuration.zero({ outcome });
  }
}

/** Writes settled checkouts to the log and to the metrics. */
export function reportSettled(settlements: readonly Settlement[], log: Logger): void {
  for (const settlement of settlements) {
    const { saga_id, order_id, reason, sale, took_seconds, traceparent } = settlement;
    const outcome = reason ?? (sale ? DISPUTED : PAID);
    sagaDuration.observe({ outcome }, took_seconds);
    const about = { saga_id, order_id, trace_id: traceId(traceparent), outcome, took_seconds };
    if (sale) {
      reportDispute(settlement, sale, about, log);
    } else {
      log.info(about, 'a checkout has ended');
    }
  }
}

/** Only an operator can settle it with the buyer, so it is said with all that is needed to find what was sold. */
function reportDispute({ user_id, amount }: Settlement, sale: Sale, about: object, log: Logger): void {
  log.error(
    { ...about, user_id, charged: sale.amount, asked_for: amount },
    'an order was checked out that had been sold with other contents before order lost it: nothing more was charged; ' +
      'settle it with the buyer (docs/runbooks/CheckoutDisputed.md)',
  );
}
