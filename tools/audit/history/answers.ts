import type { Finding } from '../finding';
import { answeredAt, classify, type Exchange } from './history';
import type { OrderTruth } from './truth';

/**
 * I7. What the buyer of one order was told, against what became of the order.
 * @param truth the order in the end; undefined when there is none
 * @param charged the sagas that were charged, as far as they can be told
 */
export function checkAnswers(
  order_id: string,
  checkouts: readonly Exchange[],
  truth: OrderTruth | undefined,
  charged: ReadonlySet<string>,
): Finding[] {
  const findings: Finding[] = [];
  const find = (detail: string, saga_id?: string) =>
    findings.push({ invariant: 'I7', order_id, ...(saga_id && { saga_id }), detail });
  const paid = checkouts.filter((it) => classify(it) === 'done').map(sagaOf);
  const failed = checkouts.filter((it) => classify(it) === 'refused').map(sagaOf);

  for (const saga of new Set(paid)) {
    if (!truth?.paid) {
      find(`a checkout was answered 200, but the order is ${truth ? 'not paid' : 'not there'}`, saga);
    } else if (saga && saga !== truth.saga_id) {
      find(`a checkout was answered 200, but the order was paid by saga ${truth.saga_id}`, saga);
    }
  }
  for (const saga of new Set(failed)) {
    if (saga === undefined) {
      continue;
    }
    if (charged.has(saga)) {
      find('a checkout was answered 4xx, but its saga was charged', saga);
    } else if (paid.includes(saga)) {
      find('the same checkout was answered both 200 and 4xx', saga);
    } else if (truth?.paid && truth.saga_id === saga) {
      find('a checkout was answered 4xx, but the order is paid by it', saga);
    }
  }
  if (truth?.paid && checkouts.every((it) => classify(it) === 'refused')) {
    find('every checkout was answered 4xx, but the order is paid', truth.saga_id ?? undefined);
  }
  return findings;
}

/** I8 and I9. What was read of one order, against what its buyer had been told by then, and what was read before. */
export function checkOrderReads(
  order_id: string,
  checkouts: readonly Exchange[],
  reads: readonly Exchange[],
): Finding[] {
  const firstPaid = Math.min(...reads.filter((it) => it.body?.paid === true).map(answeredAt));
  return reads.flatMap((read): Finding[] => {
    if (read.status !== 200 || typeof read.body?.paid !== 'boolean') {
      return [];
    }
    const told = checkouts.filter((it) => answeredAt(it) <= read.at);
    const underWay = checkouts.some(
      (it) => it.at <= answeredAt(read) && (answeredAt(it) > read.at || classify(it) === 'unknown'),
    );
    const about = { order_id, ...(sagaOf(read) && { saga_id: sagaOf(read) as string }) };
    const wasPaid = told.some((it) => classify(it) === 'done');
    if (!read.body.paid && wasPaid) {
      return [
        {
          invariant: 'I8',
          ...about,
          detail: `read as unpaid at ${read.at}, after a checkout was answered 200`,
        },
      ];
    }
    if (!read.body.paid && firstPaid <= read.at) {
      return [
        { invariant: 'I9', ...about, detail: `read as unpaid at ${read.at}, after it had been read as paid` },
      ];
    }
    const { status } = read.body;
    if (told.length > 0 && !wasPaid && !underWay && (read.body.paid || status === 'CHECKING_OUT')) {
      return [
        {
          invariant: 'I8',
          ...about,
          detail: `read as ${status} at ${read.at}, after every checkout had failed`,
        },
      ];
    }
    return [];
  });
}

function sagaOf({ body }: Exchange): string | undefined {
  return typeof body?.saga_id === 'string' ? body.saga_id : undefined;
}
