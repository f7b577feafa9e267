import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../../shared/root';
import { charts, chartsOf, releaseOf } from '../k8s/charts';
import { type Manifest, type Overlay, overlays } from '../k8s/manifests';
import { renderKustomization } from '../support/kustomize';
import type { ClusterDouble } from './cluster-double';
import { changes, expectInOrder, Rehearsal } from './rehearsal';
import { openShopFront, type ShopFront } from './shop-front';

/** The script with the real input: both overlays as they are rendered, and all charts. The cluster is a double. */

let shop: ShopFront;
let rehearsal: Rehearsal;

beforeAll(async () => {
  shop = await openShopFront();
});
afterAll(() => shop?.close());
afterEach(() => rehearsal?.end());

const namesOf = (manifests: readonly Manifest[], kind: string) =>
  manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);

/** Prepares a cluster on which this overlay can be deployed. The shop's host name is not the example. */
async function begin(overlay: Overlay): Promise<Manifest[]> {
  const rendered = await renderKustomization(join(root, 'k8s/overlays', overlay));
  const text = rendered.replaceAll('shop.example', 'shop.test');
  const manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  rehearsal = await Rehearsal.begin({ overlay: text, charts: join(root, 'helm-config') });
  const { cluster } = rehearsal;
  cluster.nodes = ['one', 'two', 'three'].map((name) => ({ name }));
  addKinds(cluster, manifests);
  if (overlay === 'production') {
    addBackupStore(cluster);
  }
  return manifests;
}

/** The cluster knows Kubernetes' own kinds, and those of a chart once it is installed. */
function addKinds(cluster: ClusterDouble, manifests: readonly Manifest[]): void {
  cluster.brings = Object.fromEntries(charts.map(({ release }) => [release, []]));
  for (const manifest of manifests) {
    const kind = `${manifest.apiVersion} ${manifest.kind}`;
    const release = releaseOf(manifest);
    if (release === undefined) {
      cluster.kinds.push(kind);
    } else {
      cluster.brings[release]?.push(kind);
    }
  }
}

function addBackupStore({ objects, namespaces }: ClusterDouble): void {
  const data = { 'access-key-id': 'a2V5', 'secret-access-key': 'c2VjcmV0' };
  const metadata = { name: 'backup-store', namespace: 'chandlery' };
  namespaces.add('chandlery');
  objects.set('secret/chandlery/backup-store', { apiVersion: 'v1', kind: 'Secret', metadata, data });
}

test.each(overlays)(
  'deploys the overlay %s up to its first checkout, and changes nothing the second time',
  async (overlay) => {
    const manifests = await begin(overlay);
    const { status, output, calls } = await rehearsal.run(overlay, '--url', shop.url);
    expect(output).toContain('is paid');
    expect(status).toBe(0);
    const { cluster } = rehearsal;
    for (const { kind, metadata } of manifests.filter((manifest) => manifest.kind !== 'Namespace')) {
      expect([...cluster.objects.keys()]).toContain(
        `${kind.toLowerCase()}/${metadata.namespace ?? ''}/${metadata.name}`,
      );
    }
    expect([...cluster.releases.keys()]).toEqual(chartsOf(overlay).map(({ release }) => release));
    expectInOrder(
      calls.join('\n'),
      ['payment', 'stock', 'order'].map((name) => `rollout status deployment/${name} `),
    );
    for (const kind of ['StatefulSet', 'Cluster', 'RabbitmqCluster', 'Deployment']) {
      for (const name of namesOf(manifests, kind)) {
        expect(
          calls.filter((call) => /(wait|rollout status) /.test(call) && call.includes(`/${name} `)),
        ).not.toEqual([]);
      }
    }
    const before = new Map(cluster.objects);
    expect((await rehearsal.run(overlay, '--url', shop.url)).status).toBe(0);
    expect(cluster.objects).toEqual(before);
  },
);

test('production first asks for the values that only its owner has', async () => {
  await begin('production');
  rehearsal.cluster.objects.clear();
  const { status, output, calls } = await rehearsal.run('production', '--url', shop.url);
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('--from-literal=access-key-id=… --from-literal=secret-access-key=…');
});

test.each([
  ['payment-db', 'describe cluster.postgresql.cnpg.io/payment-db --namespace chandlery'],
  ['rabbitmq', 'describe rabbitmqcluster.rabbitmq.com/rabbitmq --namespace chandlery'],
])('starts none of our programs in production while %s is not ready', async (failing, command) => {
  const manifests = await begin('production');
  rehearsal.cluster.failing = failing;
  const { status, output } = await rehearsal.run('production', '--url', shop.url);
  expect(status).toBe(1);
  expect(output).toContain('"Databases and broker", failed');
  expect(output).toContain(command);
  for (const kind of ['Job', 'Deployment']) {
    for (const name of namesOf(manifests, kind)) {
      expect([...rehearsal.cluster.objects.keys()]).not.toContain(`${kind.toLowerCase()}/chandlery/${name}`);
    }
  }
});

test('a dry run shows all of production, and changes nothing', async () => {
  await begin('production');
  const { status, output, calls } = await rehearsal.run('production', '--dry-run', '--url', shop.url);
  expect([status, changes(calls)]).toEqual([0, []]);
  for (const { release } of chartsOf('production')) {
    expect(output).toContain(`helm upgrade ${release} `);
  }
  expect(output).toContain('helm show crds oci://docker.io/envoyproxy/gateway-helm');
  expect(output).toContain('wait cluster.postgresql.cnpg.io/stock-db --for=condition=Ready');
});
