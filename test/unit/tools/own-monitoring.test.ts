import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { root } from '../../../shared/root';
import { imagesIn, imagesOfMonitoring } from '../../cluster/own/images/names';
import { monitoringResources, RELEASE, readValues } from '../../cluster/own/monitoring/resources';

/** What watches the shop on a cluster of our own, as far as it can be tested without one. */

test("Prometheus in a cluster of our own is what kube-prometheus-stack's values ask for", () => {
  const values = readValues();
  const [prometheus, alertmanager] = monitoringResources(values) as {
    metadata: { name: string; namespace: string };
    spec: Record<string, unknown>;
  }[];
  const { prometheusSpec } = values.prometheus;
  expect(prometheus?.spec).toMatchObject({
    podMonitorSelector: {},
    ruleSelector: {},
    probeSelector: { matchLabels: { release: RELEASE } },
    storage: prometheusSpec.storageSpec,
    retention: prometheusSpec.retention,
    resources: prometheusSpec.resources,
  });
  expect(Object.keys(prometheus?.spec ?? {}).filter((name) => name.endsWith('HelmValues'))).toEqual([]);
  expect(alertmanager?.spec).toMatchObject(values.alertmanager.alertmanagerSpec);
  expect(prometheus?.metadata).toMatchObject({ name: `${RELEASE}-prometheus`, namespace: 'monitoring' });
});

test('what watches the shop is built here, and its manifests can be read', () => {
  const folder = join(root, 'test/cluster/own/monitoring');
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  for (const document of texts.flatMap((text) => parseAllDocuments(text))) {
    expect(document.errors).toEqual([]);
    expect(document.toJS()).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) });
  }
  const named = imagesIn(
    [...texts, ...monitoringResources(readValues()).map((one) => stringify(one))].join('---\n'),
  );
  const built = Object.values(imagesOfMonitoring).map(({ image }) => image);
  expect(built).toEqual(expect.arrayContaining(named));
  expect(texts.join('')).toContain(`=${imagesOfMonitoring['prometheus-config-reloader']?.image}`);
});
