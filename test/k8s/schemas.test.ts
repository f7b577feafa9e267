import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../../shared/root';
import { type Manifest, manifestsOf, type Overlay, overlays } from './manifests';
import { schemaFaults } from './schemas/schemas';

test.each(overlays)('every manifest of the overlay %s follows the schema of its kind', async (overlay) => {
  const manifests = await manifestsOf(overlay);
  expect(manifests.length).toBeGreaterThan(40);
  expect(await schemaFaults(manifests)).toEqual([]);
});

test('every manifest of a cluster of our own follows the schema of its kind', async () => {
  const folder = join(root, 'test/cluster/own/manifests');
  const manifests = readdirSync(folder).flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map(
      (document) => document.toJS() as Manifest,
    ),
  );
  expect(manifests.length).toBeGreaterThan(10);
  expect(await schemaFaults(manifests)).toEqual([]);
});

test('the restore in docs/kubernetes.md follows the schema', async () => {
  const text = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
  const [, block = ''] = /```yaml\n( +bootstrap:.*?)```/s.exec(text) ?? [];
  const restore = parse(block) as { bootstrap: object; plugins: object[] };
  expect(Object.keys(restore)).toEqual(['bootstrap', 'externalClusters', 'plugins']);
  const manifests = await manifestsOf('production');
  const cluster = manifests.find(({ kind, metadata }) => `${kind}/${metadata.name}` === 'Cluster/order-db');
  const spec = { ...(cluster?.spec as object), ...restore };
  expect(await schemaFaults([{ ...(cluster as Manifest), spec }])).toEqual([]);
});

describe('finds a mistake in', () => {
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
      'a kind without a published schema',
      'production',
      'RabbitmqCluster/rabbitmq',
      (spec: Record<string, unknown>) => (spec.nodes = 3),
    ],
    [
      'the override of its pods',
      'production',
      'RabbitmqCluster/rabbitmq',
      (spec: { override: { statefulSet: { spec: { template: { spec: Record<string, unknown> } } } } }) =>
        (spec.override.statefulSet.spec.template.spec.tolerance = []),
    ],
    [
      'the backup store',
      'production',
      'ObjectStore/backups',
      (spec: { retentionPolicy: string }) => (spec.retentionPolicy = '30 days'),
    ],
  ] as never;

  test('each of these places', async () => {
    const found: string[][] = await Promise.all(
      broken.map(async ([, overlay, name, mistake]) => {
        const manifest = (await manifestsOf(overlay)).find(
          ({ kind, metadata }) => `${kind}/${metadata.name}` === name,
        ) as Manifest;
        mistake(manifest.spec as never);
        return schemaFaults([manifest]);
      }),
    );
    const missed = broken.filter(
      (_, i) => !found[i]?.some((fault) => fault.startsWith(broken[i]?.[2] ?? '?')),
    );
    expect(missed.map(([place]) => place)).toEqual([]);
  });
});
