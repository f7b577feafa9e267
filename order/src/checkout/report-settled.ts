import { failureReason } from '../../../shared/contract/events';
import type { Logger } from '../../../shared/observe/log';
import { traceId } from '../../../shared/observe/trace';
import { sagaDuration } from '../metrics';
import type { Settlement } from '../saga/5-settle-checkout/decide';

/** The metric's label for a paid checkout; a failed one is labelled with its reason. */
const PAID = 'paid';

/** Exports every outcome as 0 before the first checkout ends with it. */
export function zeroOutcomes(): void {
  for (const outcome of [PAID, ...failureReason.options]) {
    sagaDuration.zero({ outcome });
  }
}

/** Writes settled checkouts to the log and to the metrics. */
export function reportSettled(settlements: readonly Settlement[], log: Logger): void {
  for (const { saga_id, order_id, reason, took_seconds, traceparent } of settlements) {
    const outcome = reason ?? PAID;
    sagaDuration.observe({ outcome }, took_seconds);
    log.info(
      { saga_id, order_id, trace_id: traceId(traceparent), outcome, took_seconds },
      'a checkout has ended',
    );
  }
}
