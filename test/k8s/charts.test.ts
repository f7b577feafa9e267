import { describe, expect, test } from '@jest/globals';
import { charts, chartsOf, releaseOf, strayValues } from './charts';
import { manifestsOf, ofKind, overlays, type Toleration } from './manifests';
import { leavesLostNode } from './policies/pods';
import { rows } from './policies/secrets';

test('pins every chart to one version with its values, and has no values without a chart', () => {
  expect(charts.length).toBeGreaterThan(5);
  for (const { release, version, repository, values, overlays: usedBy } of charts) {
    expect([release, version]).toEqual([release, expect.stringMatching(/^v?\d+\.\d+\.\d+$/)]);
    expect([release, repository]).toEqual([release, expect.stringMatching(/^(https|oci):\/\//)]);
    expect([release, typeof values]).toEqual([release, 'object']);
    expect(usedBy.filter((overlay) => !overlays.includes(overlay as never))).toEqual([]);
  }
  expect(strayValues()).toEqual([]);
});

describe.each(overlays)('the overlay %s', (overlay) => {
  test('has a chart for every kind that is not built into Kubernetes, and no other chart', async () => {
    const needed = new Set((await manifestsOf(overlay)).flatMap((manifest) => releaseOf(manifest) ?? []));
    expect(
      chartsOf(overlay)
        .map(({ release }) => release)
        .sort(),
    ).toEqual([...needed].sort());
  });

  test('installs its charts in the namespaces that its NetworkPolicies name', async () => {
    const named = new Set<string>();
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) {
        return;
      }
      for (const [key, value] of Object.entries(node)) {
        if (key === 'kubernetes.io/metadata.name') {
          named.add(String(value));
        } else {
          walk(value);
        }
      }
    };
    ofKind(await manifestsOf(overlay), 'NetworkPolicy').forEach(walk);
    const installed = new Set([...chartsOf(overlay).map(({ namespace }) => namespace), 'kube-system']);
    expect([...named].filter((namespace) => !installed.has(namespace))).toEqual([]);
  });
});

test('the controller of the gateway leaves a lost node as soon as the pods do whose addresses it tells', () => {
  const { values } = charts.find(({ release }) => release === 'envoy-gateway') ?? {};
  const { deployment } = values as { deployment: { pod: { tolerations: Toleration[] } } };
  expect(leavesLostNode(deployment.pod.tolerations)).toBe(true);
});

test("every Secret that a chart's values name is created", () => {
  const text = JSON.stringify(charts.map(({ values }) => values));
  const named = [...text.matchAll(/"existingSecret":"([^"]+)"/g)].map(([, secret]) => secret);
  expect(named).toEqual(['grafana-admin']);
  const created = rows().map(([, namespace, secret]) => `${namespace}/${secret}`);
  expect(created).toContain('monitoring/grafana-admin');
});
