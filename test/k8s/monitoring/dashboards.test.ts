import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { typeErrors } from './dashboard-types';
import { alerts, dashboards, filledIn, folder, manifests, metricsIn, type Panel, panelsOf } from './sources';

const cases = dashboards.map((dashboard) => [dashboard.file, dashboard] as const);

test('every dashboard has its own uid', () => {
  const uids = dashboards.map(({ uid }) => uid);
  expect(uids.length).toBeGreaterThan(2);
  expect(new Set(uids).size).toBe(uids.length);
  for (const uid of uids) {
    expect(uid).toMatch(/^chandlery-[a-z-]{1,30}$/);
  }
});

test('the panel that counts alerts counts every alert', () => {
  const queries = dashboards.flatMap(panelsOf).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const counted = queries.flatMap((expr) => /ALERTS\{.*alertname=~"([^"]+)"/.exec(expr)?.[1] ?? []);
  expect(counted).toHaveLength(1);
  const name = new RegExp(`^(${counted[0]})$`);
  expect(alerts.filter(({ alert }) => !name.test(alert))).toEqual([]);
});

test('the component gives every dashboard to Grafana', () => {
  const [component] = manifests('kustomization.yaml');
  const generated = component.configMapGenerator.flatMap(({ files }: { files: string[] }) => files);
  expect(generated.sort()).toEqual(dashboards.map(({ file }) => `dashboards/${file}`).sort());
  expect(component.generatorOptions.labels.grafana_dashboard).toBe('1');
});

describe.each(cases)('%s', (_, dashboard) => {
  const panels = panelsOf(dashboard);

  test('loads in Grafana 12 with any Prometheus', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(41);
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' }),
    );
    for (const { datasource, targets = [] } of panels) {
      expect(datasource?.uid).toMatch(/^\$\{datasource\}$/);
      for (const target of targets) {
        expect(target.datasource.uid).toMatch(/^\$\{datasource\}$/);
      }
    }
  });

  test("has only what Grafana's own types allow", () => {
    const text = readFileSync(join(folder, 'dashboards', dashboard.file), 'utf8');
    expect(typeErrors(text)).toEqual([]);
  });

  test('has a query, a description and a unit in every panel', () => {
    for (const { title, description, targets = [], fieldConfig } of panels) {
      expect({ title, queries: targets.length }).not.toEqual({ title, queries: 0 });
      expect({ title, description }).toEqual({ title, description: expect.stringMatching(/^.{30,}[.]$/) });
      expect({ title, unit: fieldConfig?.defaults.unit }).toEqual({ title, unit: expect.any(String) });
    }
  });

  test('uses valid PromQL, and never asks for a single order, user or saga', () => {
    const queries = [
      ...panels.flatMap(({ targets = [] }) => targets),
      ...dashboard.annotations.list.filter(({ expr }) => expr !== undefined),
    ];
    for (const { expr } of queries) {
      expect(metricsIn(filledIn(expr, dashboard)).length).toBeGreaterThan(0);
      expect(expr).not.toMatch(/(order|user|item|saga|trace)_id\s*(=|!|,|\))/);
    }
  });

  test('links to runbooks that exist', () => {
    const links = panels.flatMap(({ links = [] }) => links.map(({ url }) => url));
    expect(links.length).toBeGreaterThan(3);
    const files = links.map((url) => url.replace(/^\$\{runbooks\}/, 'docs/runbooks'));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('has panels that do not overlap', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const overlaps = dashboard.panels.flatMap((panel, i) =>
      dashboard.panels
        .slice(i + 1)
        .flatMap((other) => (overlap(panel, other) ? `${panel.title}, ${other.title}` : [])),
    );
    expect(overlaps).toEqual([]);
    for (const { gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});

test.each([
  ['a field that does not exist', '"schemaVersion"', '"schemeVersion"'],
  ['a value that an option does not have', '"graphMode": "none"', '"graphMode": "some"'],
  ['a number that is a text', '"fillOpacity": ', '"fillOpacity": "half", "lineWidth": '],
])('%s in a dashboard is found', (_, right, wrong) => {
  const texts = dashboards.map(({ file }) => readFileSync(join(folder, 'dashboards', file), 'utf8'));
  const text = texts.find((candidate) => candidate.includes(right)) ?? '';
  expect(typeErrors(text.replace(right, wrong))).not.toEqual([]);
});

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
