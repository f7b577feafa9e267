import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { root } from '../../shared/root';
import { type Manifest, manifestsOf, type Overlay, overlays } from './manifests';
import { schemaFaults } from './schemas/schemas';

test.each(overlays)('every manifest of the overlay %s follows the schema of its kind', async (overlay) => {
  const all = await manifestsOf(overlay);
  expect(all.length).toBeGreaterThan(40);
  expect(await schemaFaults(all)).toEqual([]);
});

test('what docs/kubernetes.md says about coming back from a backup follows the schema', async () => {
  const text = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
  const [, block = ''] = /```yaml\n( +bootstrap:.*?)```/s.exec(text) ?? [];
  const said = parse(block) as { bootstrap: object; plugins: object[] };
  expect(Object.keys(said)).toEqual(['bootstrap', 'externalClusters', 'plugins']);
  const all = await manifestsOf('production');
  const cluster = all.find(({ kind, metadata }) => `${kind}/${metadata.name}` === 'Cluster/order-db');
  const spec = { ...(cluster?.spec as object), ...said };
  expect(await schemaFaults([{ ...(cluster as Manifest), spec }])).toEqual([]);
});

describe('a mistake is found in', () => {
  const broken: [string, Overlay, string, (spec: never) => void][] = [
    [
      'the name of a field',
      'laptop',
      'Deployment/order',
      (spec: Record<string, unknown>) => (spec.replica = 2),
    ],
    [
      'a value',
      'laptop',
      'HTTPRoute/order',
      (spec: { rules: { timeouts: unknown }[] }) => (spec.rules[0] = { timeouts: { request: 'soon' } }),
    ],
    [
      'a custom resource',
      'production',
      'Cluster/order-db',
      (spec: { instances: unknown }) => (spec.instances = 'three'),
    ],
    [
      'a field of a custom resource',
      'production',
      'ScaledObject/stock',
      (spec: Record<string, unknown>) => (spec.minReplicas = 2),
    ],
    [
      'what no package knows',
      'production',
      'RabbitmqCluster/rabbitmq',
      (spec: Record<string, unknown>) => (spec.nodes = 3),
    ],
    [
      'what is laid over its pods',
      'production',
      'RabbitmqCluster/rabbitmq',
      (spec: { override: { statefulSet: { spec: { template: { spec: Record<string, unknown> } } } } }) =>
        (spec.override.statefulSet.spec.template.spec.tolerance = []),
    ],
    [
      'where backups go',
      'production',
      'ObjectStore/backups',
      (spec: { retentionPolicy: string }) => (spec.retentionPolicy = '30 days'),
    ],
  ] as never;

  test('any of these', async () => {
    const found: string[][] = await Promise.all(
      broken.map(async ([, overlay, name, mistake]) => {
        const one = (await manifestsOf(overlay)).find(
          ({ kind, metadata }) => `${kind}/${metadata.name}` === name,
        ) as Manifest;
        mistake(one.spec as never);
        return schemaFaults([one]);
      }),
    );
    const missed = broken.filter(
      (_, i) => !found[i]?.some((fault) => fault.startsWith(broken[i]?.[2] ?? '?')),
    );
    expect(missed.map(([what]) => what)).toEqual([]);
  });
});
