import { serviceNames } from '../../../shared/services';
import type { Series } from './prometheus';
import { dashboards, filledIn, metricsIn, panelsOf, rules } from './sources';
import { WatchedShop } from './watched-shop';

let watched: WatchedShop;
beforeAll(async () => {
  watched = await WatchedShop.open();
}, 120_000);
// Without it there is nothing to close, and the reason has been told.
afterAll(() => watched?.close());

const hasData = (series: readonly Series[]) =>
  series.some(({ value, values = [] }) =>
    [...(value ? [value] : []), ...values].some(([, text]) => Number.isFinite(Number(text))),
  );

test('every panel of every dashboard shows something', async () => {
  let open = dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ type, title, targets = [] }) =>
      targets.map(({ expr }) => ({
        name: `${dashboard.title}: ${title}: ${expr}`,
        ask: () => watched.prometheus[type === 'stat' ? 'instant' : 'range'](filledIn(expr, dashboard)),
      })),
    ),
  );
  expect(open.length).toBeGreaterThan(50);
  const left = await watched.sellUntilNoneOf(async () => {
    const shown = await Promise.all(open.map(async ({ ask }) => hasData(await ask())));
    open = open.filter((_, i) => !shown[i]);
    return open.map(({ name }) => name);
  });
  expect(left).toEqual([]);
});

test('every metric of a rule or a dashboard is exported', async () => {
  const wanted = new Set([
    ...rules.flatMap(({ expr }) => metricsIn(expr)),
    ...dashboards.flatMap((dashboard) =>
      panelsOf(dashboard).flatMap(({ targets = [] }) =>
        targets.flatMap(({ expr }) => metricsIn(filledIn(expr, dashboard))),
      ),
    ),
  ]);
  expect(wanted.size).toBeGreaterThan(40);
  const left = await watched.sellUntilNoneOf(async () => {
    const exported = new Set<string>(await watched.prometheus.api('label/__name__/values'));
    return [...wanted].filter((name) => !exported.has(name));
  });
  expect(left).toEqual([]);
});

test('Prometheus reaches every target, and can evaluate every rule', async () => {
  const left = await watched.sellUntilNoneOf(async () => {
    const { activeTargets } = await watched.prometheus.api('targets');
    const { groups } = await watched.prometheus.api('rules');
    const evaluated = groups.flatMap((group: { rules: object[] }) => group.rules);
    expect(activeTargets.length).toBe(7);
    expect(evaluated.length).toBe(rules.length);
    return [...activeTargets, ...evaluated]
      .filter(({ health }) => health !== 'up' && health !== 'ok')
      .map((one) => JSON.stringify(one));
  });
  expect(left).toEqual([]);
});

test('a dead letter raises its alert, in words', async () => {
  let words: string[] = [];
  await watched.sellUntilNoneOf(async () => {
    const { alerts } = await watched.prometheus.api('alerts');
    const raised = alerts.filter(
      ({ labels }: Series & { labels: Record<string, string> }) => labels.alertname === 'DeadLetters',
    );
    words = raised.map(({ annotations }: { annotations: Record<string, string> }) => annotations.summary);
    return words.length >= 2 ? [] : ['DeadLetters'];
  });
  expect(words.sort()).toEqual([
    '1 messages wait in order.settle.dead',
    '1 messages wait in stock.settle.dead',
  ]);
});

test('labels take their values from lists that are known in advance, and never from a request', async () => {
  const known = new Set([
    ...['__name__', 'job', 'instance', 'le'],
    ...['method', 'route', 'status_code', 'outcome', 'step', 'queue', 'invariant'],
    ...['pool', 'state', 'connection', 'version'],
    ...['major', 'minor', 'patch', 'kind', 'space', 'type'],
  ]);
  const series: Record<string, string>[] = await watched.prometheus.api('series', {
    'match[]': `{__name__!="ALERTS", __name__!="ALERTS_FOR_STATE", job=~"${[...serviceNames, 'auditor'].join('|')}"}`,
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

test('a buyer who waited in vain is counted, unlike one who would not wait and one who went away', async () => {
  const before = await watched.answeredLate();
  await watched.keepBuyerWaiting();
  expect(await watched.answeredLate()).toBe(before + 1);
});

test('what has not happened yet is there as 0, so that the first time is seen to be one more', async () => {
  const never = [
    'saga_duration_seconds_count{outcome="unknown_user"}',
    'saga_dead_lettered_total{queue="payment.charge"}',
    'saga_admission_refused_total{job="order"}',
  ];
  let values: (string | undefined)[] = [];
  await watched.sellUntilNoneOf(async () => {
    const series = await Promise.all(never.map((expr) => watched.prometheus.instant(expr)));
    values = series.map(([first]) => first?.value?.[1]);
    return never.filter((_, i) => values[i] === undefined);
  });
  expect(values).toEqual(['0', '0', '0']);
});

test('the books balance all the while, and the dead letters are all that the audit finds', async () => {
  const left = await watched.sellUntilNoneOf(async () => {
    const findings = await watched.prometheus.instant('max_over_time(saga_invariant_violation[5m])');
    expect(findings.length).toBeGreaterThan(5);
    const violated = findings.filter(({ value }) => value?.[1] !== '0').map(({ metric }) => metric.invariant);
    expect(violated.filter((invariant) => invariant !== 'I6')).toEqual([]);
    return violated.includes('I6') ? [] : ['I6'];
  });
  expect(left).toEqual([]);
});
