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
  UsageError,
  type Verbs,
  whole,
  words,
} from './command';
import { describeSaga, describeSagas } from './saga-report';
import { viewSaga } from './saga-view';
import { cancelSaga, listableStates, listSagas } from './sagas';
import { timelineOf } from './timeline';
import { waitsFor } from './waits-for';

const usage = `Usage: npm run sagas -- list [--state PENDING] [--older-than 30s] [--limit 50]
       npm run sagas -- show SAGA
       npm run sagas -- cancel SAGA --reason "…"
  --state       ${listableStates.join(', ')}
  --older-than  a time such as 30s, 5m, 2h or 1d
  --actor       who asks, when that is not the user of this machine
  --json        for programs
  --port        the port that npm start was given, when it is not the last one it was given here
ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, STOCK_DATABASE_URL and AMQP_URL name a shop that npm start does not run.
Exit status: 0 done, 1 there is no such saga or it has ended, 2 not understood, or something could not be reached.`;

const options = {
  ...commonOptions,
  state: { type: 'string', default: 'PENDING' },
  'older-than': { type: 'string', default: '0s' },
  limit: { type: 'string', default: '50' },
  reason: { type: 'string' },
  actor: { type: 'string' },
} as const;

const verbs: Verbs<typeof options> = {
  list(ids, values) {
    if (ids.length > 0) throw new UsageError('To see one saga, use show.');
    const filter = {
      state: oneOf('state', values.state.toUpperCase(), listableStates),
      olderThanMs: duration('older-than', values['older-than']),
      limit: whole('limit', values.limit, 1, 10_000),
    };
    return async (shop) => {
      const listing = await listSagas(shop, filter);
      if (values.json) printJson(listing);
      else print(describeSagas(listing, filter.state, new Date()));
    };
  },

  show(ids, values) {
    const id = onlyId(ids);
    return async (shop) => {
      const view = await viewSaga(shop, id);
      const { order, stock, payment, letters, unreadable } = view;
      const unheardOf = !order && !stock && !payment && letters.length === 0;
      if (unheardOf && Object.keys(unreadable).length === 0) throw unknown(id);
      if (values.json) printJson({ ...view, timeline: timelineOf(view), waits_for: waitsFor(view) });
      else print(describeSaga(view));
    };
  },

  cancel(ids, values) {
    const id = onlyId(ids);
    if (values.reason === undefined)
      throw new UsageError('Say why with --reason: it is kept with what you ask.');
    const operator = { actor: actorFrom(values.actor), reason: words('reason', values.reason, 500) };
    return async (shop) => {
      const answer = await cancelSaga(shop, id, operator);
      if (answer.kind === 'unknown') throw unknown(id);
      if (answer.kind === 'ended') {
        const how = `${answer.state}${answer.reason === null ? '' : `, ${answer.reason}`}`;
        throw new Refusal(`Saga ${id} has ended already (${how}). Nothing was asked.`);
      }
      const asked = `Payment is asked to cancel saga ${id}, as soon as order runs and has sent the question.`;
      if (values.json) printJson({ asked: id });
      else print(`${asked}\nPayment alone decides: if it has captured the saga already, it stays captured.`);
    };
  },
};

function onlyId(ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw new UsageError('Name one saga, as list shows it.');
  return sagaIdFrom(id);
}

function unknown(id: string): Refusal {
  return new Refusal(`No service knows of saga ${id}.`);
}

runCommand(usage, options, verbs);
