import { pagesNames } from '../../../shared/pages';
import { participantNames } from '../../../shared/services';
import type { Series } from './prometheus';
import { dashboards, filledIn, metricsIn, panelsOf, readOfJobs, rules } from './sources';
import { WatchedShop } from './watched-shop';

let watched: WatchedShop;
beforeAll(async () => {
  watched = await WatchedShop.open();
}, 120_000);
// When `open` failed there is nothing to close, and Jest has already reported why.
afterAll(() => watched?.close());

const hasData = (series: readonly Series[]) =>
  series.some(({ value, values = [] }) =>
    [...(value ? [value] : []), ...values].some(([, text]) => Number.isFinite(Number(text))),
  );

test('every panel of every dashboard shows data', async () => {
  let queries = dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ type, title, targets = [] }) =>
      targets.map(({ expr }) => ({
        name: `${dashboard.title}: ${title}: ${expr}`,
        query: () => watched.prometheus[type === 'stat' ? 'instant' : 'range'](filledIn(expr, dashboard)),
      })),
    ),
  );
  expect(queries.length).toBeGreaterThan(50);
  const left = await watched.sellUntilNoneIsLeft(async () => {
    const shown = await Promise.all(queries.map(async ({ query }) => hasData(await query())));
    queries = queries.filter((_, i) => !shown[i]);
    return queries.map(({ name }) => name);
  });
  expect(left).toEqual([]);
});

test('every metric that a rule or a dashboard reads is exported', async () => {
  const wanted = new Set([
    ...rules.flatMap(({ expr }) => metricsIn(expr)),
    ...dashboards.flatMap((dashboard) =>
      panelsOf(dashboard).flatMap(({ targets = [] }) =>
        targets.flatMap(({ expr }) => metricsIn(filledIn(expr, dashboard))),
      ),
    ),
  ]);
  expect(wanted.size).toBeGreaterThan(40);
  const left = await watched.sellUntilNoneIsLeft(async () => {
    const exported = new Set<string>(await watched.prometheus.api('label/__name__/values'));
    return [...wanted].filter((name) => !exported.has(name));
  });
  expect(left).toEqual([]);
});

test('every metric that an alert reads of a job is exported by that job', async () => {
  const read = rules.flatMap(({ expr }) => readOfJobs(expr));
  expect(read.length).toBeGreaterThan(40);
  const left = await watched.sellUntilNoneIsLeft(async () => {
    const jobs: string[] = await watched.prometheus.api('label/job/values');
    const missing = read.map(async ({ metric, condition }) => {
      const series = await watched.prometheus.instant(`count by (job) (${metric}{${condition}})`);
      const exported = series.map(({ metric: { job } }) => job);
      const pattern = new RegExp(`^(${/"(.*)"/.exec(condition)?.[1]})$`);
      return jobs
        .filter((job) => pattern.test(job) && !exported.includes(job))
        .map((job) => `${metric} of ${job}`);
    });
    return [...new Set((await Promise.all(missing)).flat())];
  });
  expect(left).toEqual([]);
});

test('Prometheus reaches every target, and can evaluate every rule', async () => {
  const left = await watched.sellUntilNoneIsLeft(async () => {
    const { activeTargets } = await watched.prometheus.api('targets');
    const { groups } = await watched.prometheus.api('rules');
    const evaluated = groups.flatMap((group: { rules: object[] }) => group.rules);
    expect(activeTargets.length).toBe(10);
    expect(evaluated.length).toBe(rules.length);
    return [...activeTargets, ...evaluated]
      .filter(({ health }) => health !== 'up' && health !== 'ok')
      .map((unhealthy) => JSON.stringify(unhealthy));
  });
  expect(left).toEqual([]);
});

test('a replica that streams has an active slot, which the alert about missing replicas can see', async () => {
  let slots: Series[] = [];
  await watched.sellUntilNoneIsLeft(async () => {
    slots = await watched.prometheus.instant('pg_replication_slots_active{job="order-db", database=""}');
    return slots.length > 0 ? [] : ['slots'];
  });
  expect(slots.map(({ metric, value }) => [metric.slot_name, value?.[1]])).toEqual([
    ['replica_of_a_test', '1'],
  ]);
});

test('a dead letter that payment decided raises a critical alert with a readable summary', async () => {
  let raised: { labels: Record<string, string>; annotations: Record<string, string> }[] = [];
  await watched.sellUntilNoneIsLeft(async () => {
    const { alerts } = await watched.prometheus.api('alerts');
    raised = alerts.filter(({ labels }: (typeof raised)[number]) => labels.alertname === 'DeadLetters');
    return raised.length >= 2 ? [] : ['DeadLetters'];
  });
  expect(raised.map(({ labels }) => labels.severity)).toEqual(['critical', 'critical']);
  expect(raised.map(({ annotations }) => annotations.summary).sort()).toEqual([
    'What payment decided was not handled: 1 dead letters in order.settle.dead',
    'What payment decided was not handled: 1 dead letters in stock.settle.dead',
  ]);
});

test('only known labels are exported, and no label value comes from a request', async () => {
  const known = new Set([
    ...['__name__', 'job', 'instance', 'le'],
    ...['method', 'route', 'status_code', 'outcome', 'step', 'queue', 'name', 'invariant'],
    ...['pool', 'state', 'connection', 'version', 'cause', 'limit', 'result'],
    ...['major', 'minor', 'patch', 'kind', 'space', 'type'],
  ]);
  const series: Record<string, string>[] = await watched.prometheus.api('series', {
    'match[]': `{__name__!="ALERTS", __name__!="ALERTS_FOR_STATE", job=~"${[...participantNames, ...pagesNames, 'auditor'].join('|')}"}`,
  });
  expect(series.length).toBeGreaterThan(200);
  expect(
    [...new Set(series.flatMap((labels) => Object.keys(labels)))].filter((name) => !known.has(name)),
  ).toEqual([]);
  const text = JSON.stringify(series);
  expect(watched.orders.length).toBeGreaterThan(0);
  expect(watched.orders.filter((order) => text.includes(order))).toEqual([]);
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/);
});

test('counts a buyer who waited in vain, but not one who did not want to wait or one who went away', async () => {
  const before = await watched.counterOfOrder('saga_answered_late_total');
  await watched.keepBuyerWaiting();
  expect(await watched.counterOfOrder('saga_answered_late_total')).toBe(before + 1);
});

test('counts a checkout that could not be started, because somebody has locked the table of orders', async () => {
  const before = await watched.counterOfOrder('saga_answered_locked_total');
  expect(await watched.checkOutLocked()).toMatchObject({ status: 409, body: { reason: 'order_locked' } });
  expect(await watched.counterOfOrder('saga_answered_locked_total')).toBe(before + 1);
});

test('exports 0 for what has not happened yet, so that the first time shows as an increase', async () => {
  const never = [
    'saga_duration_seconds_count{outcome="unknown_user"}',
    'saga_dead_lettered_total{queue="payment.charge"}',
    'saga_admission_refused_total{job="order"}',
  ];
  let values: (string | undefined)[] = [];
  await watched.sellUntilNoneIsLeft(async () => {
    const series = await Promise.all(never.map((expr) => watched.prometheus.instant(expr)));
    values = series.map(([first]) => first?.value?.[1]);
    return never.filter((_, i) => values[i] === undefined);
  });
  expect(values).toEqual(['0', '0', '0']);
});

test('the books balance all the time, and the audit finds only the dead letters', async () => {
  const left = await watched.sellUntilNoneIsLeft(async () => {
    const findings = await watched.prometheus.instant('max_over_time(saga_invariant_violation[5m])');
    expect(findings.length).toBeGreaterThan(5);
    const violated = findings.filter(({ value }) => value?.[1] !== '0').map(({ metric }) => metric.invariant);
    expect(violated.filter((invariant) => invariant !== 'I6')).toEqual([]);
    return violated.includes('I6') ? [] : ['I6'];
  });
  expect(left).toEqual([]);
});
