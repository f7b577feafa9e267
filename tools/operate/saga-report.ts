import type { ParticipantName } from '../../shared/services';
import type { SagaView } from './saga-view';
import type { SagaFilter, SagaListing } from './sagas';
import { ago, table } from './text';
import { timelineOf } from './timeline';
import { waitsFor } from './waits-for';

/** Sagas as text for a person. */

export function describeSagas({ sagas, more }: SagaListing, by: SagaFilter['by'], now: Date): string {
  if (sagas.length === 0) {
    return 'state' in by ? `No saga found in state ${by.state}.` : `No saga found for order ${by.order}.`;
  }
  const rows = sagas.map(({ saga_id, since, amount, order = '-', stock = '-', payment = '-' }) => [
    saga_id,
    ago(since, now),
    order,
    stock,
    payment,
    String(amount),
  ]);
  const listed = table([['SAGA', 'OPENED', 'ORDER', 'STOCK', 'PAYMENT', 'AMOUNT'], ...rows]);
  return more ? `${listed}\n\nThere may be more: raise --limit.` : listed;
}

export function describeSaga(view: SagaView): string {
  const { saga_id, order, stock, payment, unreadable } = view;
  const state = (service: ParticipantName, row: { state: string; reason: string | null } | undefined) => {
    if (service in unreadable) {
      return `cannot be read: ${unreadable[service]}`;
    }
    if (!row) {
      return service === 'payment' ? 'has not decided' : 'does not know it';
    }
    return row.reason === null ? row.state : `${row.state} (${row.reason})`;
  };
  const moments = timelineOf(view).map(({ at, who, what }) => [
    at.toISOString(),
    who,
    what.replace(/\s*\n\s*/g, '; '),
  ]);
  return [
    `Saga     ${saga_id}`,
    ...(order ? [`Trace    ${order.traceparent.split('-')[1] ?? order.traceparent}`] : []),
    `order    ${state('order', order)}`,
    `stock    ${state('stock', stock)}`,
    `payment  ${state('payment', payment)}`,
    '',
    'Timeline',
    table(moments.map(([at = '', who = '', what = '']) => [`  ${at}`, who, what])),
    '',
    'Waits for',
    ...waitsFor(view).map((sentence) => `  ${sentence.replace(/\s*\n\s*/g, '; ')}`),
  ].join('\n');
}
