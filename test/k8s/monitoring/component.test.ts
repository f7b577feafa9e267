import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { pagesNames } from '../../../shared/pages';
import { root } from '../../../shared/root';
import { participantNames } from '../../../shared/services';
import { renderKustomization } from '../../support/kustomize';
import { folder, manifests, ruleFiles } from './sources';

// biome-ignore lint/suspicious/noExplicitAny: the fields of a manifest depend on its kind.
type Manifest = any;

async function render(path: string): Promise<Manifest[]> {
  return parseAllDocuments(await renderKustomization(path)).map((document) => document.toJS());
}

/** Returns the pod templates of all workloads. */
const podsOf = (rendered: readonly Manifest[]): Manifest[] =>
  rendered.filter(({ spec }) => spec?.template?.spec?.containers).map(({ spec }) => spec.template);

function selects(
  { matchLabels = {}, matchExpressions = [] }: Manifest,
  labels: Record<string, string>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }: { key: string; values: string[] }) =>
      values.includes(labels[key] ?? ''),
    )
  );
}

test('the monitors select their pods and the right ports', async () => {
  const rendered = await render(join(root, 'k8s/overlays/laptop'));
  const monitors = rendered.filter(
    ({ kind, metadata }) => kind === 'PodMonitor' && metadata.name !== 'gateway',
  );
  const found = monitors.map(({ metadata, spec }) => {
    const pods = podsOf(rendered).filter((pod) => selects(spec.selector, pod.metadata.labels));
    const ports: string[] = spec.podMetricsEndpoints.map(({ port }: { port: string }) => port);
    const scraped = pods.filter((pod) =>
      ports.every((port) => pod.spec.containers[0].ports.some(({ name }: { name: string }) => name === port)),
    );
    return [metadata.name, scraped.map((pod) => pod.metadata.labels['app.kubernetes.io/name']).sort()];
  });
  expect(Object.fromEntries(found)).toEqual({
    services: ['auditor', ...participantNames, ...pagesNames].sort(),
    rabbitmq: ['rabbitmq'],
    databases: participantNames.map((name) => `${name}-db-exporter`).sort(),
  });
});

test("the gateway's monitor selects the pods that the NetworkPolicies admit as the gateway", async () => {
  const rendered = await render(join(root, 'k8s/overlays/laptop'));
  const monitor = rendered.find(({ kind, metadata }) => kind === 'PodMonitor' && metadata.name === 'gateway');
  const policy = rendered.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'order');
  const [{ podSelector, namespaceSelector }] = policy.spec.ingress[0].from;
  expect(monitor.spec.selector.matchLabels).toEqual(podSelector.matchLabels);
  expect(monitor.spec.namespaceSelector.matchNames).toEqual([
    namespaceSelector.matchLabels['kubernetes.io/metadata.name'],
  ]);
  const [{ relabelings }] = monitor.spec.podMetricsEndpoints;
  expect(relabelings).toEqual([{ action: 'replace', targetLabel: 'job', replacement: 'gateway' }]);
});

test('an overlay can use another release name of kube-prometheus-stack', async () => {
  const overlay = await mkdtemp(join(tmpdir(), 'chandlery-overlay-'));
  const patch = '- { op: replace, path: /metadata/labels/release, value: mine }';
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    components: [relative(overlay, folder)],
    patches: [{ target: { group: 'monitoring.coreos.com' }, patch }],
  };
  await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization));
  const watched = (await render(overlay)).filter(({ apiVersion }) => apiVersion.startsWith('monitoring'));
  await rm(overlay, { recursive: true });
  expect(watched.map(({ kind }) => kind).sort()).toEqual([
    ...Array(4).fill('PodMonitor'),
    ...ruleFiles.map(() => 'PrometheusRule'),
  ]);
  for (const { metadata } of watched) {
    expect(metadata.labels.release).toBe('mine');
  }
});

test('Docker Compose scrapes the same pages', () => {
  const compose = parse(readFileSync(join(root, 'compose/prometheus/prometheus.yml'), 'utf8'));
  const scraped = compose.scrape_configs.map(({ metrics_path = '/metrics', params = {} }: Manifest) =>
    JSON.stringify([metrics_path, params]),
  );
  const wanted = manifests('pod-monitors.yaml').flatMap(({ spec }) =>
    spec.podMetricsEndpoints.map(({ path, params = {} }: Manifest) => JSON.stringify([path, params])),
  );
  expect(wanted.length).toBe(4);
  expect(wanted.filter((page) => !scraped.includes(page))).toEqual([]);
});
