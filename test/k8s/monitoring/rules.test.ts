import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { root } from '../../../shared/root';
import { program } from './programs';
import { alerts, folder, metricsIn, ruleFiles, rules, ruleTestFiles, runbooks } from './sources';

const run = promisify(execFile);

interface PromtoolTest {
  name: string;
  promql_expr_test: { expr: string; exp_samples: { labels: string }[] }[];
}

const alertOf = ({ expr }: { expr: string }) => /alertname="(\w+)"/.exec(expr)?.[1];
const cases = ruleTestFiles
  .flatMap((file) => (parse(readFileSync(file, 'utf8')) as { tests: PromtoolTest[] }).tests)
  .flatMap(({ promql_expr_test }) => promql_expr_test);

test('promtool accepts the rules', async () => {
  const { stdout } = await run(await program('promtool'), ['check', 'rules', ...ruleFiles]);
  expect(stdout.match(/SUCCESS/g)).toHaveLength(ruleFiles.length);
});

test.each(ruleTestFiles.map((file) => basename(file)))(
  'every alert fires when it should and stays quiet when it should: %s',
  async (name) => {
    const file = ruleTestFiles.find((path) => basename(path) === name) as string;
    const { stdout } = await run(await program('promtool'), ['test', 'rules', file]);
    expect(stdout).toContain('SUCCESS');
  },
);

test.each([...new Set(alerts.map(({ alert }) => alert))])('%s has a firing and a quiet case', (alert) => {
  const own = cases.filter((testCase) => alertOf(testCase) === alert);
  expect(own.filter(({ exp_samples }) => exp_samples.length > 0)).not.toEqual([]);
  expect(own.filter(({ exp_samples }) => exp_samples.length === 0)).not.toEqual([]);
});

test('every severity of an alert has a firing case', () => {
  const fired = cases.flatMap(({ exp_samples }) => exp_samples.map(({ labels }) => labels));
  const missing = alerts.filter(
    ({ alert, labels }) =>
      !fired.some((text) => text.includes(`"${alert}"`) && text.includes(`"${labels?.severity}"`)),
  );
  expect(missing).toEqual([]);
});

test('every alert has a severity, a summary, a description and a link to its runbook', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(['critical', 'warning']).toContain(labels?.severity);
    expect(annotations?.summary).toMatch(/^\S.{10,}/);
    expect(annotations?.description).toMatch(/^[A-Z].{40,}\.$/);
    expect(annotations?.runbook_url).toMatch(new RegExp(`^https://[^ ]+/docs/runbooks/${alert}[.]md$`));
  }
});

test('every alert has a runbook, and every runbook has an alert', () => {
  expect([...new Set(alerts.map(({ alert }) => alert))].sort()).toEqual([...runbooks].sort());
});

describe.each(runbooks)('the runbook %s', (name) => {
  const text = readFileSync(join(root, 'docs/runbooks', `${name}.md`), 'utf8');

  test('begins with the severities that the alert has', () => {
    const [beginning = ''] = text.split('\n## ');
    const own = alerts.filter(({ alert }) => alert === name).map(({ labels }) => labels?.severity);
    const stated = ['critical', 'warning'].filter((severity) => beginning.toLowerCase().includes(severity));
    expect(stated).toEqual([...new Set(own)].sort());
  });

  test('says what it means, what is not in danger, where to look and how to mend it', () => {
    expect(text.match(/(?<=^## ).+$/gm)).toEqual([
      'What it means',
      'What buyers notice',
      'What is not in danger',
      'Look first',
      'Mend',
      'Escalate',
    ]);
  });
});

test('the list of runbooks links to each of them', () => {
  const list = readFileSync(join(root, 'docs/runbooks/README.md'), 'utf8');
  expect(runbooks.filter((name) => !list.includes(`[${name}](${name}.md)`))).toEqual([]);
});

test('the list of alerts in docs/operating.md has each in the column of its severity', () => {
  const text = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  const [section = ''] = (text.split('\n## Alerts\n')[1] ?? '').split('\n## ');
  const cells = [...section.matchAll(/^\| (?!about)\w[^|]+\|([^|]*)\|([^|]*)\|$/gm)];
  const listed = (column: number) => cells.flatMap((cell) => cell[column]?.match(/\w+/g) ?? []).sort();
  const wanted = (severity: string) =>
    [
      ...new Set(alerts.filter(({ labels }) => labels?.severity === severity).map(({ alert }) => alert)),
    ].sort();
  expect(listed(1)).toEqual(wanted('critical'));
  expect(listed(2)).toEqual(wanted('warning'));
});

test('one setting gives rules and dashboards the address of the runbooks', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'chandlery-monitoring-'));
  await cp(folder, copy, { recursive: true });
  await writeFile(join(copy, 'settings.json'), JSON.stringify({ runbooks: 'https://wiki/shop' }));
  const write = (...args: string[]) => run(process.execPath, [join(copy, 'write-rules.mjs'), ...args]);
  await expect(write('--check')).rejects.toThrow('settings.json');
  await write();
  const texts = ['prometheus-rules.yaml', 'rules/checkout.yaml', 'dashboards/services.json'].map((file) => [
    readFileSync(join(folder, file), 'utf8'),
    readFileSync(join(copy, file), 'utf8'),
  ]);
  const { runbooks: address } = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'));
  for (const [before = '', after] of texts) {
    expect(before).toContain(address);
    expect(after).toBe(before.replaceAll(address, 'https://wiki/shop'));
  }
  await rm(copy, { recursive: true });
});

test('every recorded series is used by a rule', () => {
  const used = new Set(rules.flatMap(({ expr }) => metricsIn(expr)));
  const recorded = rules.flatMap(({ record }) => record ?? []);
  expect(recorded.length).toBeGreaterThan(0);
  expect(recorded.filter((name) => !used.has(name))).toEqual([]);
});

test('the PrometheusRules and the addresses of the runbooks are up to date', async () => {
  await run(process.execPath, [join(folder, 'write-rules.mjs'), '--check']);
});
