import { type Cause, critical, later, describe as nameOf, warning } from '../../cluster/alerts/cause';
import { allCauses } from '../../cluster/alerts/check';
import { runDrill } from '../../cluster/alerts/drill';
import { alerts } from '../../k8s/monitoring/sources';

/** The drill that makes every alert fire on a cluster. */

const quick = { withinMs: 200, laterWithinMs: 400, pollMs: 5 };
let firing: { labels: Record<string, string> }[];
let done: string[];
let said: string[];
const watchers = { received: async () => firing };
const drill = (...strands: Cause[][]) => runDrill(watchers, strands, (text) => said.push(text), quick);
const fire = (alertname: string, severity: string, more = {}) => {
  firing.push({ labels: { alertname, severity, ...more } });
};
beforeEach(() => {
  [firing, done, said] = [[], [], []];
});

test('there is a cause for each severity of each alert, and for nothing else', () => {
  const caused = allCauses({} as never)
    .flat()
    .flatMap((cause) => cause.alerts.map(({ alert, severity }) => nameOf({ alert, severity })));
  const existing = alerts.map(({ alert, labels }) =>
    nameOf({ alert, severity: labels?.severity as 'critical' | 'warning' }),
  );
  expect([...new Set(caused)].sort()).toEqual([...new Set(existing)].sort());
});

test('a cause is taken back once its alerts have fired, in the reverse order, and then the next one comes', async () => {
  const down: Cause = {
    title: 'down',
    alerts: [critical('Down', { job: 'order' })],
    async bring(undo) {
      undo(async () => done.push('first step'));
      undo(async () => done.push('second step'));
      fire('Down', 'critical', { job: 'order', pod: 'order-1' });
    },
  };
  const slow: Cause = {
    title: 'slow',
    alerts: [warning('Slow')],
    async bring() {
      done.push('next');
      fire('Slow', 'warning');
    },
  };
  expect(await drill([down, slow])).toBe(true);
  expect(done).toEqual(['second step', 'first step', 'next']);
  expect(said).toEqual([
    'Down (critical, order) fired after 0 s: down',
    'Slow (warning) fired after 0 s: slow',
  ]);
});

test.each([
  ['another severity', { alertname: 'Down', severity: 'warning', job: 'order' }],
  ['another label', { alertname: 'Down', severity: 'critical', job: 'stock' }],
])('an alert that only fires with %s is reported, and its cause is taken back', async (_, labels) => {
  const cause: Cause = {
    title: 'down',
    alerts: [critical('Down', { job: 'order' })],
    async bring(undo) {
      undo(async () => done.push('taken back'));
      firing.push({ labels });
    },
  };
  expect(await drill([cause])).toBe(false);
  expect([done, said.join()]).toEqual([['taken back'], expect.stringContaining('did not fire')]);
});

test('an alert that fires before its cause is reported', async () => {
  fire('Down', 'critical');
  expect(await drill([{ title: 'down', alerts: [critical('Down')], bring: async () => {} }])).toBe(false);
  expect(said[0]).toContain('Down (critical) fired before its cause');
});

test('an alert that looks back far may fire after its cause was taken back', async () => {
  const cause: Cause = {
    title: 'down',
    alerts: [later(warning('Burn'))],
    async bring(undo) {
      undo(async () => setTimeout(() => fire('Burn', 'warning'), 50));
    },
  };
  expect(await drill([cause])).toBe(true);
});

test('what cannot be done is taken back as far as it was, and reported; other causes go on', async () => {
  const impossible: Cause = {
    title: 'impossible',
    alerts: [critical('Never')],
    async bring(undo) {
      undo(async () => done.push('taken back'));
      throw new Error('no such pod');
    },
  };
  const other: Cause = { title: 'other', alerts: [], bring: async () => done.push('other') };
  await expect(drill([impossible], [other])).rejects.toThrow('no such pod');
  expect(done.sort()).toEqual(['other', 'taken back']);
});
