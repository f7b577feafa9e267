import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../../shared/root';
import { serviceNames } from '../../shared/services';
import { charts, chartsOf, releaseOf } from '../k8s/charts';
import { type Manifest, type Overlay, overlays, servicesIn } from '../k8s/manifests';
import { renderKustomization } from '../support/kustomize';
import type { ClusterDouble } from './cluster-double';
import { changes, expectInOrder, Rehearsal } from './rehearsal';
import { openShopFront, openShopFrontWithAccounts, type ShopFront } from './shop-front';

/** The script with the real input: all overlays as they are rendered, and all charts. The cluster is a double. */

let fronts: Record<Overlay, ShopFront>;
let rehearsal: Rehearsal;

beforeAll(async () => {
  const [laptop, production] = await Promise.all([openShopFront(), openShopFrontWithAccounts()]);
  fronts = { laptop, staging: production, production };
});
afterAll(() => Promise.all(Object.values(fronts).map((front) => front.close())));
afterEach(() => rehearsal?.end());

/** The order in which the script replaces services. */
const REPLACED = ['account', 'payment', 'stock', 'order', 'catalog'];

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
    const { url } = fronts[overlay];
    const { status, output, calls } = await rehearsal.run(overlay, '--url', url);
    expect(output).toContain(overlay === 'laptop' ? 'is paid' : 'a buyer registered');
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
      servicesIn(overlay)
        .toSorted((a, b) => REPLACED.indexOf(a) - REPLACED.indexOf(b))
        .map((name) => `rollout status deployment/${name} `),
    );
    for (const kind of ['StatefulSet', 'Cluster', 'RabbitmqCluster', 'Deployment']) {
      for (const name of namesOf(manifests, kind)) {
        expect(
          calls.filter((call) => /(wait|rollout status) /.test(call) && call.includes(`/${name} `)),
        ).not.toEqual([]);
      }
    }
    const before = new Map(cluster.objects);
    expect((await rehearsal.run(overlay, '--url', url)).status).toBe(0);
    expect(cluster.objects).toEqual(before);
  },
);

test("takes every image of the project's own from the given registry, also that of the pages", async () => {
  await begin('laptop');
  const flags = ['--url', fronts.laptop.url, '--images', 'registry.example/shop', '--tag', '9.9'];
  expect((await rehearsal.run('laptop', ...flags)).status).toBe(0);
  const images = [...rehearsal.cluster.objects.values()].flatMap(
    ({ spec }) => spec?.template?.spec.containers[0]?.image ?? [],
  );
  expect(images).toContain('registry.example/shop/web:9.9');
  expect(images.filter((image) => image.startsWith('chandlery/'))).toEqual([]);
});

test('in staging the script makes an authority once, which signs the certificates of the servers', async () => {
  await begin('staging');
  const deploy = () => rehearsal.run('staging', '--url', fronts.staging.url);
  await deploy();
  const authority = new X509Certificate(rehearsal.secret('authority')['tls.crt'] ?? '');
  expect([authority.ca, authority.verify(authority.publicKey)]).toEqual([true, true]);
  const hosts = {
    ...Object.fromEntries(serviceNames.map((name) => [`${name}-db-tls`, `${name}-db-rw`])),
    ...{ 'rabbitmq-tls': 'rabbitmq.chandlery.svc', 'staff-tls': 'staff.chandlery.localhost' },
  };
  for (const [secret, host] of Object.entries(hosts)) {
    const { 'ca.crt': trusted = '', 'tls.crt': own = '', 'tls.key': key = '' } = rehearsal.secret(secret);
    const certificate = new X509Certificate(own);
    expect(new X509Certificate(trusted).fingerprint256).toBe(authority.fingerprint256);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect([certificate.checkHost(host), certificate.ca]).toEqual([host, false]);
  }
  // A certificate that is gone is made again, by the same authority.
  rehearsal.cluster.objects.delete('secret/chandlery/order-db-tls');
  await deploy();
  expect(new X509Certificate(rehearsal.secret('authority')['tls.crt'] ?? '').fingerprint256).toBe(
    authority.fingerprint256,
  );
  const again = new X509Certificate(rehearsal.secret('order-db-tls')['tls.crt'] ?? '');
  expect(again.verify(authority.publicKey)).toBe(true);
});

test('production first asks for the values that only its owner has', async () => {
  await begin('production');
  rehearsal.cluster.objects.clear();
  const { status, output, calls } = await rehearsal.run('production', '--url', fronts.production.url);
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('--from-literal=access-key-id=… --from-literal=secret-access-key=…');
});

test.each([
  ['payment-db', 'describe cluster.postgresql.cnpg.io/payment-db --namespace chandlery'],
  ['rabbitmq', 'describe rabbitmqcluster.rabbitmq.com/rabbitmq --namespace chandlery'],
])('starts none of our programs in production while %s is not ready', async (failing, command) => {
  const manifests = await begin('production');
  rehearsal.cluster.failing = failing;
  const { status, output } = await rehearsal.run('production', '--url', fronts.production.url);
  expect(status).toBe(1);
  expect(output).toContain('"Databases and broker", failed');
  expect(output).toContain(command);
  for (const kind of ['Job', 'Deployment']) {
    for (const name of namesOf(manifests, kind)) {
      expect([...rehearsal.cluster.objects.keys()]).not.toContain(`${kind.toLowerCase()}/chandlery/${name}`);
    }
  }
});

test('refuses a production that lets everybody do everything, and changes nothing', async () => {
  await begin('production');
  const { cluster } = rehearsal;
  cluster.overlay = cluster.overlay.replaceAll('ACCESS: required', 'ACCESS: open');
  const { status, output, calls } = await rehearsal.run('production', '--url', fronts.production.url);
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('whoever reaches production may give themselves credit');
});

test('refuses services that name another issuer than the shop, and changes nothing', async () => {
  await begin('production');
  const { cluster } = rehearsal;
  cluster.overlay = cluster.overlay.replace('https://shop.test/account', 'https://shop.example/account');
  const { status, output, calls } = await rehearsal.run('production', '--url', fronts.production.url);
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('Each AUTH_ISSUER must be https://shop.test/account');
});

test('a dry run shows all of production, and changes nothing', async () => {
  await begin('production');
  const { status, output, calls } = await rehearsal.run(
    'production',
    '--dry-run',
    '--url',
    fronts.production.url,
  );
  expect([status, changes(calls)]).toEqual([0, []]);
  for (const { release } of chartsOf('production')) {
    expect(output).toContain(`helm upgrade ${release} `);
  }
  expect(output).toContain('helm show crds oci://docker.io/envoyproxy/gateway-helm');
  expect(output).toContain('wait cluster.postgresql.cnpg.io/stock-db --for=condition=Ready');
});
