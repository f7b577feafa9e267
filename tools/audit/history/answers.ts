import type { Finding } from '../finding';
import { answeredAt, classify, type Exchange } from './history';
import type { Losses } from './loss';
import type { OrderTruth } from './truth';

/**
 * I7. Compares the answers to an order's checkouts with the final state of the order.
 * @param truth the order in the end; undefined when it does not exist
 * @param charged the sagas that were charged, as far as they are known
 */
export function checkAnswers(
  order_id: string,
  checkouts: readonly Exchange[],
  truth: OrderTruth | undefined,
  charged: ReadonlySet<string>,
): Finding[] {
  const findings: Finding[] = [];
  const report = (detail: string, saga_id?: string) =>
    findings.push({ invariant: 'I7', order_id, ...(saga_id && { saga_id }), detail });
  const paid = checkouts.filter((checkout) => classify(checkout) === 'done').map(sagaOf);
  const isFailed = (checkout: Exchange) => classify(checkout) === 'refused' && !isSoldBefore(checkout);
  const failed = checkouts.filter(isFailed).map(sagaOf);

  for (const saga of new Set(paid)) {
    if (!truth?.paid) {
      report(`a checkout was answered 200, but the order ${truth ? 'is not paid' : 'does not exist'}`, saga);
    } else if (saga && saga !== truth.saga_id) {
      report(`a checkout was answered 200, but the order was paid by saga ${truth.saga_id}`, saga);
    }
  }
  for (const saga of new Set(failed)) {
    if (saga === undefined) {
      continue;
    }
    if (charged.has(saga)) {
      report('a checkout was answered 4xx, but its saga was charged', saga);
    } else if (paid.includes(saga)) {
      report('the same checkout was answered both 200 and 4xx', saga);
    } else if (truth?.paid && truth.saga_id === saga) {
      report('a checkout was answered 4xx, but its saga paid the order', saga);
    }
  }
  if (truth?.paid && checkouts.every(isFailed)) {
    report('every checkout was answered 4xx, but the order is paid', truth.saga_id ?? undefined);
  }
  return findings;
}

/** I8 and I9. Compares the reads of one order with the answers before them, and with each other. */
export function checkOrderReads(
  order_id: string,
  checkouts: readonly Exchange[],
  reads: readonly Exchange[],
  losses: Losses,
): Finding[] {
  const paid = reads.filter((read) => read.body?.paid === true && !losses.includes('order', read));
  const firstPaid = Math.min(...paid.map(answeredAt));
  return reads.flatMap((read): Finding[] => {
    if (read.status !== 200 || typeof read.body?.paid !== 'boolean') {
      return [];
    }
    const answered = checkouts.filter((checkout) => answeredAt(checkout) <= read.at);
    const mayBeInFlight = checkouts.some(
      (checkout) =>
        checkout.at <= answeredAt(read) &&
        (answeredAt(checkout) > read.at || classify(checkout) === 'unknown'),
    );
    const ids = { order_id, ...(sagaOf(read) && { saga_id: sagaOf(read) as string }) };
    const wasPaid = answered.some((checkout) => classify(checkout) === 'done');
    if (!read.body.paid && wasPaid) {
      return [
        {
          invariant: 'I8',
          ...ids,
          detail: `read as unpaid at ${read.at}, after a checkout was answered 200`,
        },
      ];
    }
    if (!read.body.paid && firstPaid <= read.at) {
      return [
        { invariant: 'I9', ...ids, detail: `read as unpaid at ${read.at}, after it had been read as paid` },
      ];
    }
    const { status } = read.body;
    if (answered.length > 0 && !wasPaid && !mayBeInFlight && (read.body.paid || status === 'CHECKING_OUT')) {
      return [
        {
          invariant: 'I8',
          ...ids,
          detail: `read as ${status} at ${read.at}, after every checkout had failed`,
        },
      ];
    }
    return [];
  });
}

/** The answer that an order was charged and sold earlier, with other contents. It denies no charge. */
export function isSoldBefore({ body }: Exchange): boolean {
  return body?.reason === 'sold_before';
}

function sagaOf({ body }: Exchange): string | undefined {
  return typeof body?.saga_id === 'string' ? body.saga_id : undefined;
}
