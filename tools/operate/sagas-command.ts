import { checkoutNames } from '../../shared/services';
import { UsageError, wholeNumber } from '../support/command-line';
import { mustBeReachable } from '../support/databases';
import {
  actorFrom,
  commonOptions,
  duration,
  oneLine,
  oneOf,
  print,
  printJson,
  Refusal,
  runCommand,
  sagaIdFrom,
  type Verbs,
} from './command';
import { withConnections } from './connections';
import type { Operator } from './operator-actions';
import { resend } from './resend';
import { describeSaga, describeSagas } from './saga-report';
import { viewSaga } from './saga-view';
import { type CancelResult, cancelSaga, isOrder, listableStates, listSagas, type SagaFilter } from './sagas';
import { timelineOf } from './timeline';
import { waitsFor } from './waits-for';

const usage = `Usage: npm run sagas -- list [--state PENDING] [--older-than 30s] [--limit 50]
       npm run sagas -- list --order ORDER [--older-than 30s] [--limit 50]
       npm run sagas -- show SAGA
       npm run sagas -- resend SAGA --reason "…"
       npm run sagas -- cancel SAGA --reason "…"
  list          sagas in a state (default PENDING: not ended), or of an order
  show          everything about a saga: its states, its timeline, and what it waits for
  resend        send the message that a saga waits for once more, in case it was lost; decides nothing
  cancel        ask payment to cancel a saga that has not ended; only payment decides
  --state       ${listableStates.join(', ')};
                ended sagas (PAID, FAILED, DISPUTED) are listed by when they were opened, the latest first; all
                others oldest first
  --order       every saga of an order, the latest first
  --older-than  a time such as 30s, 5m, 2h or 1d
  --actor       your name for the record; default: your user name on this machine
  --json        print JSON for programs
  --port        the port that npm start was given; default: the last one on this machine
For a shop that npm start does not run, set ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL.
Exit status: 0 done, 1 no such saga, it has ended or nothing is missing, 2 invalid arguments, or something cannot be reached.`;

const options = {
  ...commonOptions,
  state: { type: 'string' },
  order: { type: 'string' },
  'older-than': { type: 'string', default: '0s' },
  limit: { type: 'string', default: '50' },
  reason: { type: 'string' },
  actor: { type: 'string' },
} as const;

const verbs: Verbs<typeof options> = {
  list(ids, values) {
    if (ids.length > 0) {
      throw new UsageError('To see one saga, use show.');
    }
    const filter = {
      by: filterFrom(values),
      olderThanMs: duration('older-than', values['older-than']),
      limit: wholeNumber('limit', values.limit, 1, 10_000),
    };
    return async (shop) => {
      const listing = await listSagas(shop, filter);
      if (values.json) {
        printJson(listing);
      } else {
        print(describeSagas(listing, filter.by, new Date()));
      }
    };
  },

  show(ids, values) {
    const id = onlyId(ids);
    return async (shop) => {
      const view = await viewSaga(shop, id);
      const { order, stock, payment, letters, unreadable } = view;
      if (checkoutNames.every((service) => service in unreadable)) {
        await mustBeReachable(shop.databases);
      }
      const isUnknown = !order && !stock && !payment && letters.length === 0;
      if (isUnknown && Object.keys(unreadable).length === 0) {
        throw (await isOrder(shop, id)) ? notASaga(id) : notFound(id);
      }
      if (values.json) {
        printJson({ ...view, timeline: timelineOf(view), waits_for: waitsFor(view) });
      } else {
        print(describeSaga(view));
      }
    };
  },

  resend(ids, values) {
    const id = onlyId(ids);
    const operator = operatorFrom(values);
    return async (shop) => {
      const result = await resend(shop, id, operator);
      if (result.kind === 'refused') {
        throw new Refusal(`${result.because}. Nothing was sent about saga ${id}.`);
      }
      if (values.json) {
        printJson({ resent: id, event: result.event, by: result.by });
      } else {
        print(describeResending(id, result.event, result.by));
      }
    };
  },

  cancel(ids, values) {
    const id = onlyId(ids);
    const operator = operatorFrom(values);
    return async (shop) => {
      const result = await cancelSaga(shop, id, operator);
      if (result.kind === 'unknown') {
        throw new Refusal(`Order does not know saga ${id}, so it was not cancelled. Check the id.`);
      }
      if (result.kind === 'ended') {
        throw hasEnded(id, result);
      }
      if (values.json) {
        printJson({ asked: id });
      } else {
        print(describeRequest(id));
      }
    };
  },
};

function filterFrom({ state, order }: { state?: string; order?: string }): SagaFilter['by'] {
  if (order === undefined) {
    return { state: oneOf('state', (state ?? 'PENDING').toUpperCase(), listableStates) };
  }
  if (state !== undefined) {
    throw new UsageError('Use either --order or --state.');
  }
  if (/^[\w-]{1,64}$/.test(order)) {
    return { order };
  }
  throw new UsageError(`"${order}" is not the id of an order.`);
}

function onlyId(ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    throw new UsageError('Name one saga, by its id as list shows it.');
  }
  return sagaIdFrom(id);
}

function describeRequest(id: string): string {
  return [
    `Order will ask payment to cancel saga ${id}: within seconds, or once order runs again.`,
    'Payment alone decides. If it has already captured the saga, the saga stays captured.',
    `To see the result: npm run sagas -- show ${id}`,
  ].join('\n');
}

function operatorFrom({ actor, reason }: { actor?: string; reason?: string }): Operator {
  if (reason === undefined) {
    throw new UsageError('Say why with --reason: it is kept on record.');
  }
  return { actor: actorFrom(actor), reason: oneLine('reason', reason, 500) };
}

function describeResending(id: string, event: string, by: string): string {
  return [
    `${by} will send ${event} of saga ${id} once more: within seconds, or once ${by} runs again.`,
    `To see the result: npm run sagas -- show ${id}`,
  ].join('\n');
}

function hasEnded(id: string, { state, reason, stock }: Extract<CancelResult, { kind: 'ended' }>): Refusal {
  const end = `${state}${reason === null ? '' : `, ${reason}`}`;
  if (stock !== 'RESERVED' && stock !== 'WAITING') {
    return new Refusal(`Saga ${id} has already ended (${end}). Nothing was changed.`);
  }
  return new Refusal(
    `Order has ended saga ${id} (${end}), so it cannot be cancelled. But stock has it ${stock} and waits to hear ` +
      `payment's decision. To send that once more: npm run sagas -- resend ${id} --reason "…"`,
  );
}

function notASaga(id: string): Refusal {
  return new Refusal(`${id} is an order, not a saga. To see its sagas: npm run sagas -- list --order ${id}`);
}

function notFound(id: string): Refusal {
  return new Refusal(`No service knows saga ${id}. Check the id.`);
}

runCommand(usage, options, verbs, withConnections);
