import { describe, expect, test } from '@jest/globals';
import { charts, chartsOf, releaseOf, strayValues } from './charts';
import { manifestsOf, ofKind, overlays } from './manifests';
import { rows } from './policies/secrets';

test('every chart is pinned to one version and has its values, and no values are left over', () => {
  expect(charts.length).toBeGreaterThan(5);
  for (const { release, version, repository, values, overlays: where } of charts) {
    expect([release, version]).toEqual([release, expect.stringMatching(/^v?\d+\.\d+\.\d+$/)]);
    expect([release, repository]).toEqual([release, expect.stringMatching(/^(https|oci):\/\//)]);
    expect([release, typeof values]).toEqual([release, 'object']);
    expect(where.filter((overlay) => !overlays.includes(overlay as never))).toEqual([]);
  }
  expect(strayValues()).toEqual([]);
});

describe.each(overlays)('the overlay %s', (overlay) => {
  test('has a chart for every kind that Kubernetes does not have itself, and no other', async () => {
    const needed = new Set((await manifestsOf(overlay)).flatMap((one) => releaseOf(one) ?? []));
    expect(
      chartsOf(overlay)
        .map(({ release }) => release)
        .sort(),
    ).toEqual([...needed].sort());
  });

  test('is installed where its NetworkPolicies look for it', async () => {
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
    const there = new Set([...chartsOf(overlay).map(({ namespace }) => namespace), 'kube-system']);
    expect([...named].filter((namespace) => !there.has(namespace))).toEqual([]);
  });
});

test("the Secrets that charts' values name are made", () => {
  const text = JSON.stringify(charts.map(({ values }) => values));
  const named = [...text.matchAll(/"existingSecret":"([^"]+)"/g)].map(([, secret]) => secret);
  expect(named).toEqual(['grafana-admin']);
  const made = rows().map(([, namespace, secret]) => `${namespace}/${secret}`);
  expect(made).toContain('monitoring/grafana-admin');
});
