import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
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

test('promtool finds the rules in order', async () => {
  const { stdout } = await run(await program('promtool'), ['check', 'rules', ...ruleFiles]);
  expect(stdout.match(/SUCCESS/g)).toHaveLength(ruleFiles.length);
});

test('every alert fires when it should and is quiet when it should be', async () => {
  const promtool = await program('promtool');
  const answers = await Promise.all(ruleTestFiles.map((file) => run(promtool, ['test', 'rules', file])));
  expect(answers.length).toBeGreaterThan(2);
  for (const { stdout } of answers) {
    expect(stdout).toContain('SUCCESS');
  }
});

test.each([...new Set(alerts.map(({ alert }) => alert))])('%s has a firing and a quiet case', (alert) => {
  const own = cases.filter((one) => alertOf(one) === alert);
  expect(own.filter(({ exp_samples }) => exp_samples.length > 0)).not.toEqual([]);
  expect(own.filter(({ exp_samples }) => exp_samples.length === 0)).not.toEqual([]);
});

test('both severities of the error budget have a firing case', () => {
  const fired = cases.flatMap(({ exp_samples }) => exp_samples.map(({ labels }) => labels));
  const missing = alerts.filter(
    ({ alert, labels }) =>
      !fired.some((text) => text.includes(`"${alert}"`) && text.includes(`"${labels?.severity}"`)),
  );
  expect(missing).toEqual([]);
});

test('every alert says how bad it is, what it is about, what it means and what to do', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(['critical', 'warning']).toContain(labels?.severity);
    expect(annotations?.summary).toMatch(/^\S.{10,}/);
    expect(annotations?.description).toMatch(/^[A-Z].{40,}\.$/);
    expect(annotations?.runbook_url).toMatch(new RegExp(`^https://[^ ]+/docs/runbooks/${alert}[.]md$`));
  }
});

test('every alert has a runbook, and every runbook an alert', () => {
  expect([...new Set(alerts.map(({ alert }) => alert))].sort()).toEqual([...runbooks].sort());
});

test('one setting says where rules and dashboards look for the runbooks', async () => {
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
  const { runbooks: place } = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'));
  for (const [before = '', after] of texts) {
    expect(before).toContain(place);
    expect(after).toBe(before.replaceAll(place, 'https://wiki/shop'));
  }
  await rm(copy, { recursive: true });
});

test('what is recorded is used', () => {
  const used = new Set(rules.flatMap(({ expr }) => metricsIn(expr)));
  const recorded = rules.flatMap(({ record }) => record ?? []);
  expect(recorded.length).toBeGreaterThan(0);
  expect(recorded.filter((name) => !used.has(name))).toEqual([]);
});

test('the manifest for the operator is what the rules say, and all look for the runbooks in one place', async () => {
  await run(process.execPath, [join(folder, 'write-rules.mjs'), '--check']);
});
