import { serviceNames } from '../../shared/services';
import { UsageError, wholeNumber } from '../support/command-line';
import { mustBeReachable } from '../support/databases';
import {
  actorFrom,
  commonOptions,
  duration,
  oneOf,
  print,
  printJson,
  Refusal,
  runCommand,
  sagaIdFrom,
  type Verbs,
  words,
} from './command';
import { describeSaga, describeSagas } from './saga-report';
import { viewSaga } from './saga-view';
import { cancelSaga, isOrder, listableStates, listSagas, type SagaFilter } from './sagas';
import { timelineOf } from './timeline';
import { waitsFor } from './waits-for';

const usage = `Usage: npm run sagas -- list [--state PENDING] [--older-than 30s] [--limit 50]
       npm run sagas -- list --order ORDER [--older-than 30s] [--limit 50]
       npm run sagas -- show SAGA
       npm run sagas -- cancel SAGA --reason "…"
  --state       ${listableStates.join(', ')};
                what has ended (PAID, FAILED) is listed the latest first, everything else the oldest first
  --order       every saga of an order, the latest first
  --older-than  a time such as 30s, 5m, 2h or 1d
  --actor       who asks, when that is not the user of this machine
  --json        for programs
  --port        the port that npm start was given, when it is not the last one it was given here
ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL name a shop that npm start does not run.
Exit status: 0 done, 1 there is no such saga or it has ended, 2 not understood, or something could not be reached.`;

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
      of: sought(values),
      olderThanMs: duration('older-than', values['older-than']),
      limit: wholeNumber('limit', values.limit, 1, 10_000),
    };
    return async (shop) => {
      const listing = await listSagas(shop, filter);
      if (values.json) {
        printJson(listing);
      } else {
        print(describeSagas(listing, filter.of, new Date()));
      }
    };
  },

  show(ids, values) {
    const id = onlyId(ids);
    return async (shop) => {
      const view = await viewSaga(shop, id);
      const { order, stock, payment, letters, unreadable } = view;
      if (serviceNames.every((service) => service in unreadable)) {
        await mustBeReachable(shop.databases);
      }
      const unheardOf = !order && !stock && !payment && letters.length === 0;
      if (unheardOf && Object.keys(unreadable).length === 0) {
        throw (await isOrder(shop, id)) ? orderInstead(id) : unknown(id);
      }
      if (values.json) {
        printJson({ ...view, timeline: timelineOf(view), waits_for: waitsFor(view) });
      } else {
        print(describeSaga(view));
      }
    };
  },

  cancel(ids, values) {
    const id = onlyId(ids);
    if (values.reason === undefined) {
      throw new UsageError('Say why with --reason: it is kept with what you ask.');
    }
    const operator = { actor: actorFrom(values.actor), reason: words('reason', values.reason, 500) };
    return async (shop) => {
      const answer = await cancelSaga(shop, id, operator);
      if (answer.kind === 'unknown') {
        throw unknown(id);
      }
      if (answer.kind === 'ended') {
        const how = `${answer.state}${answer.reason === null ? '' : `, ${answer.reason}`}`;
        throw new Refusal(`Saga ${id} has ended already (${how}). Nothing was asked.`);
      }
      const asked = `Payment is asked to cancel saga ${id}, as soon as order runs and has sent the question.`;
      if (values.json) {
        printJson({ asked: id });
      } else {
        print(`${asked}\nPayment alone decides: if it has captured the saga already, it stays captured.`);
      }
    };
  },
};

function sought({ state, order }: { state?: string; order?: string }): SagaFilter['of'] {
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
    throw new UsageError('Name one saga, as list shows it.');
  }
  return sagaIdFrom(id);
}

function orderInstead(id: string): Refusal {
  return new Refusal(`${id} is an order. Its sagas: npm run sagas -- list --order ${id}`);
}

function unknown(id: string): Refusal {
  return new Refusal(`No service knows of saga ${id}.`);
}

runCommand(usage, options, verbs);
