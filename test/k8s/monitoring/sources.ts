import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../../../shared/root';

/** The files of the monitoring component: rules, dashboards and manifests. */
export const folder = join(root, 'k8s/components/monitoring');

export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; datasource: { uid: string } }[];
  fieldConfig?: { defaults: { unit?: string } };
  links?: { url: string }[];
  /** The panels of a collapsed row. */
  panels?: Panel[];
}

export interface Dashboard {
  file: string;
  uid: string;
  title: string;
  schemaVersion: number;
  templating: {
    list: { name: string; type: string; query: unknown; allValue?: string; definition?: string }[];
  };
  annotations: { list: { expr: string }[] };
  panels: Panel[];
}

const filesIn = (path: string, extension: string) =>
  readdirSync(path)
    .filter((file) => file.endsWith(extension))
    .map((file) => join(path, file));

export const ruleFiles = filesIn(join(folder, 'rules'), '.yaml');
export const ruleTestFiles = filesIn(join(root, 'test/k8s/monitoring/rules'), '.test.yaml');

export const rules: Rule[] = ruleFiles.flatMap((file) =>
  (parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  ),
);
export const alerts = rules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);

export const runbooks = filesIn(join(root, 'docs/runbooks'), '.md')
  .map((file) => basename(file, '.md'))
  .filter((name) => name !== 'README');

export const dashboards: Dashboard[] = filesIn(join(folder, 'dashboards'), '.json').map((file) => ({
  ...JSON.parse(readFileSync(file, 'utf8')),
  file: basename(file),
}));

/** Returns a dashboard's panels, also those of collapsed rows, without the rows themselves. */
export function panelsOf({ panels }: Dashboard): Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter(({ type }) => type !== 'row');
}

/** Returns a query as Grafana sends it when every variable has the value "All". */
export function filledIn(expr: string, { templating }: Dashboard, rateInterval = '30s'): string {
  return templating.list.reduce(
    (text, { name, allValue }) => (allValue === undefined ? text : text.replaceAll(`$${name}`, allValue)),
    expr.replaceAll('$__rate_interval', rateInterval),
  );
}

/**
 * Returns the metrics that a query reads, according to Prometheus' own grammar.
 * @throws when the query is not PromQL
 */
export function metricsIn(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter({ type, node, from }) {
      if (type.isError) {
        throw new SyntaxError(`not PromQL at "${expr.slice(from, from + 20)}" of ${expr}`);
      }
      const name = type.name === 'VectorSelector' ? node.getChild('Identifier') : null;
      if (name !== null) {
        names.push(expr.slice(name.from, name.to));
      }
    },
  });
  return names;
}

/** Returns the metrics that a query reads of certain jobs, each with its condition: `job="order"`, or `job=~"order|stock"`. */
export function readOfJobs(expr: string): { metric: string; condition: string }[] {
  const found: { metric: string; condition: string }[] = [];
  parser.parse(expr).iterate({
    enter({ type, node }) {
      const name = type.name === 'VectorSelector' ? node.getChild('Identifier') : null;
      const condition = /job=~?"[^"]*"/.exec(expr.slice(node.from, node.to))?.[0];
      if (name !== null && condition !== undefined) {
        found.push({ metric: expr.slice(name.from, name.to), condition });
      }
    },
  });
  return found;
}

/** Returns the manifests of one file. */
// biome-ignore lint/suspicious/noExplicitAny: the fields of a manifest depend on its kind.
export function manifests(file: string): any[] {
  return parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS());
}
