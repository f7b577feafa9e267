import { Writable } from 'node:stream';
import pino from 'pino';
import { reportSettled, zeroOutcomes } from '../../order/src/checkout/report-settled';
import { sagaDuration } from '../../order/src/metrics';
import type { Settlement } from '../../order/src/saga/5-settle-checkout/decide';
import { sagaId, TRACEPARENT } from '../support/events';

const settlement: Settlement = {
  ...{ saga_id: sagaId(1), order_id: 'o', user_id: 'ann', state: 'PAID', amount: 30, reason: null },
  ...{ traceparent: TRACEPARENT, took_seconds: 0.2 },
};

/** Reports a settlement, and returns the lines of the log. */
function report(settled: Settlement): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const write = (line: Buffer, _: string, done: () => void) => {
    lines.push(JSON.parse(line.toString()));
    done();
  };
  reportSettled([settled], pino({ base: null }, new Writable({ write })) as never);
  return lines;
}

const countOf = async (outcome: string) =>
  (await sagaDuration.get()).values.find(
    ({ metricName, labels }) => metricName === 'saga_duration_seconds_count' && labels.outcome === outcome,
  )?.value;

test('a dispute is an error in the log with the saga, the order, the buyer and both amounts, and is counted', async () => {
  zeroOutcomes();
  expect(await countOf('disputed')).toBe(0);
  const sale = { amount: 20, lines_crc32: 7 };
  expect(report({ ...settlement, state: 'DISPUTED', sale })).toMatchObject([
    {
      level: pino.levels.values.error,
      ...{ saga_id: sagaId(1), order_id: 'o', user_id: 'ann', charged: 20, asked_for: 30 },
      msg: expect.stringContaining('docs/runbooks/CheckoutDisputed.md'),
    },
  ]);
  expect(await countOf('disputed')).toBe(1);
});

test('any other end is reported without alarm', async () => {
  expect(report(settlement)).toMatchObject([{ level: pino.levels.values.info, outcome: 'paid' }]);
  const failed = report({ ...settlement, state: 'FAILED', reason: 'out_of_stock' });
  expect(failed).toMatchObject([{ level: pino.levels.values.info, outcome: 'out_of_stock' }]);
});
