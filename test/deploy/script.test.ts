import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../shared/root';
import { participantNames } from '../../shared/services';
import { changes, expectInOrder, Rehearsal } from './rehearsal';
import { openShopFront, type ShopFront } from './shop-front';

/** What deploy-to-cluster.sh does on a cluster that is a double, with a trial checkout at a real shop. */

let shop: ShopFront;
let rehearsal: Rehearsal;

beforeAll(async () => {
  shop = await openShopFront();
});
afterAll(() => shop?.close());
beforeEach(async () => {
  rehearsal = await Rehearsal.begin();
});
afterEach(() => rehearsal.end());

const deploy = (...args: string[]) => rehearsal.run('laptop', '--url', shop.url, ...args);

test('names the image that the cluster cannot fetch, and what to do, before the whole timeout has passed', async () => {
  rehearsal.cluster.hasImages = false;
  rehearsal.shortenTimeouts();
  const { status, output } = await deploy();
  expect(status).toBe(1);
  expect(output).toContain('cannot fetch the image chandlery/tools:0.1.0 (ImagePullBackOff)');
  expect(output).toContain('--images');
});

test('deploys step by step, and checks a first order out through the gateway', async () => {
  const { status, output, calls } = await deploy();
  expect(output).toContain('is paid');
  expect(status).toBe(0);
  expectInOrder(changes(calls).join('\n'), [
    'apply',
    'create namespace monitoring',
    'apply',
    'upgrade envoy-gateway',
    'upgrade kube-prometheus-stack',
    'delete job',
  ]);
  // kubectl's own patience with what does not go away is a week.
  const deletions = calls.filter((call) => call.startsWith('kubectl') && call.includes(' delete '));
  expect(deletions.filter((call) => !call.includes('--timeout='))).toEqual([]);
  expect([...rehearsal.cluster.releases.keys()]).toEqual(['envoy-gateway', 'kube-prometheus-stack']);
  expect([...rehearsal.cluster.objects.keys()]).toEqual(
    expect.arrayContaining([
      'deployment/chandlery/order',
      'job/chandlery/order-migrate',
      'gateway/chandlery/chandlery',
    ]),
  );
  expect(output).toContain('grafana-admin');
});

test('asks again when the cluster cannot tell yet what a chart has installed', async () => {
  let left = 2;
  const gateways = '/apis/gateway.networking.k8s.io/v1';
  rehearsal.cluster.isUnavailable = (asked) => asked === gateways && left-- > 0;
  const { status, output } = await deploy();
  expect([status, output]).toEqual([0, expect.stringContaining('is paid')]);
  expect(left).toBeLessThanOrEqual(0);
});

test('creates every Secret of its table once, and shows none of their values', async () => {
  const first = await deploy();
  const created = new Map(rehearsal.cluster.objects);
  const second = await deploy();
  expect([first.status, second.status]).toEqual([0, 0]);
  const wanted = readFileSync(join(root, 'k8s/secrets.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([overlay]) => overlay === 'all' || overlay?.split(',').includes('laptop'));
  expect(wanted.length).toBeGreaterThan(30);
  for (const [, namespace, name = '', key = '', how] of wanted) {
    const value = rehearsal.secret(name, namespace)[key] ?? '';
    expect([name, key, value.length > 4]).toEqual([name, key, true]);
    if (how !== 'random' && how !== 'certificate-key') {
      continue;
    }
    for (const { output, calls } of [first, second]) {
      expect(`${output}${calls}`).not.toContain(value);
    }
  }
  for (const [key, object] of created) {
    if (object.kind === 'Secret') {
      expect(rehearsal.cluster.objects.get(key)).toEqual(object);
    }
  }
  const { username, password, uri } = rehearsal.secret('order-database');
  expect(uri).toBe(`postgresql://${username}:${password}@order-db-rw:5432/order`);
  const passwords = participantNames.map((name) => rehearsal.secret(`${name}-database`).password);
  expect(new Set(passwords).size).toBe(participantNames.length);
  const certificate = new X509Certificate(rehearsal.secret('chandlery-tls')['tls.crt'] ?? '');
  expect(certificate.checkHost('chandlery.localhost')).toBe('chandlery.localhost');
});

test("CloudNativePG is notified when a password changes, but only for a role's Secret", async () => {
  await deploy();
  const secrets = [...rehearsal.cluster.objects.values()].filter(({ kind }) => kind === 'Secret');
  const reloaded = secrets.filter(({ metadata }) => metadata.labels?.['cnpg.io/reload'] === 'true');
  expect(reloaded.map(({ metadata }) => metadata.name)).toContain('order-database-owner');
  expect(reloaded).toEqual(secrets.filter(({ type }) => type === 'kubernetes.io/basic-auth'));
});

test('installs the definitions of a newer chart, which helm would not update', async () => {
  const name = 'httproutes.gateway.networking.k8s.io';
  const version = () =>
    rehearsal.cluster.objects.get(`customresourcedefinition//${name}`)?.metadata.annotations?.chart;
  rehearsal.cluster.run(
    'kubectl',
    ['--context=laptop', 'apply', '--server-side'],
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: ${name}\n`,
  );
  expect(version()).toBeUndefined();
  const { status, calls } = await deploy();
  expect(status).toBe(0);
  expect(version()).toBe('1.2.3');
  expect(rehearsal.cluster.objects.has('customresourcedefinition//gateways.gateway.networking.k8s.io')).toBe(
    true,
  );
  expectInOrder(calls.join('\n'), ['show crds', 'wait --for=condition=Established', 'upgrade envoy-gateway']);
});

test.each(['with the charts', 'without them'])(
  'stops when the Gateway API is too old for the redirect (%s)',
  async (how) => {
    rehearsal.seed();
    rehearsal.cluster.gatewayApi = 'v1.4.1';
    // Like a provider's own version, which is restored when it is changed.
    const name = 'httproutes.gateway.networking.k8s.io';
    rehearsal.cluster.objects.set(`customresourcedefinition//${name}`, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name, annotations: { 'gateway.networking.k8s.io/bundle-version': 'v1.4.1' } },
    });
    const { status, output } = await deploy(...(how === 'without them' ? ['--without-charts'] : []));
    expect(status).toBe(how === 'without them' ? 2 : 1);
    expect(output).toContain('is v1.4.1; 1.5 or newer is needed');
    expect(output).not.toContain('[4/8]');
  },
);

test('says where the host name must point when no authority has issued a certificate', async () => {
  rehearsal.shortenTimeouts();
  rehearsal.cluster.gatewayAddress = '192.0.2.7';
  rehearsal.cluster.hasCertificate = false;
  const { status, output } = await rehearsal.run('laptop');
  expect(status).toBe(1);
  expect(output).toContain('chandlery.localhost points to the Gateway, whose address is: 192.0.2.7');
  expect(output).toContain('describe certificate,challenge --namespace chandlery');
});

test('adds the keys that a Secret lacks, with a password escaped in its address, and keeps the others', async () => {
  const password = Buffer.from('by hand: é%@').toString('base64');
  const metadata = { name: 'order-database', namespace: 'chandlery' };
  rehearsal.cluster.objects.set('secret/chandlery/order-database', {
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata,
    data: { password },
  });
  rehearsal.cluster.namespaces.add('chandlery');
  await deploy();
  expect(rehearsal.secret('order-database')).toEqual({
    username: 'order',
    password: 'by hand: é%@',
    uri: 'postgresql://order:by%20hand%3A%20%C3%A9%25%40@order-db-rw:5432/order',
  });
});

test('an address follows its password and the table, and everything else in the Secret stays', async () => {
  await deploy();
  const before = rehearsal.secret('order-broker');
  const data = {
    ...rehearsal.cluster.objects.get('secret/chandlery/order-broker')?.data,
    password: Buffer.from('another').toString('base64'),
    uri: Buffer.from('amqp://order:old@rabbit:1').toString('base64'),
  };
  Object.assign(rehearsal.cluster.objects.get('secret/chandlery/order-broker') ?? {}, { data });
  const { output } = await deploy();
  expect(output).toContain('order-broker: changed uri');
  expect(rehearsal.secret('order-broker')).toEqual({
    ...before,
    password: 'another',
    uri: 'amqp://order:another@rabbitmq.chandlery.svc:5672',
  });
});

test.each([
  ['order-migrate', 'Migrations and broker definitions', 'logs job/order-migrate --namespace chandlery'],
  ['envoy-gateway', 'Third-party parts', 'helm status envoy-gateway --kube-context laptop'],
  ['order', 'The services', 'describe deployment/order --namespace chandlery'],
])('when %s fails, it names the step and the command that shows more', async (failing, step, command) => {
  rehearsal.cluster.failing = failing;
  const { status, output } = await deploy();
  expect(status).toBe(1);
  expect(output).toContain(`"${step}", failed`);
  expect(output).toContain(command);
  expect(rehearsal.cluster.objects.has('deployment/chandlery/order')).toBe(failing === 'order');
});

test('continues from where it failed when it is run again', async () => {
  rehearsal.cluster.failing = 'order-migrate';
  expect((await deploy()).status).toBe(1);
  const before = rehearsal.secret('order-database');
  rehearsal.cluster.failing = '';
  expect((await deploy()).status).toBe(0);
  expect(rehearsal.secret('order-database')).toEqual(before);
});

test("takes only the project's own images from the given registry", async () => {
  await deploy('--images', 'registry.example/shop', '--tag', '9.9');
  const image = (key: string) =>
    rehearsal.cluster.objects.get(key)?.spec?.template?.spec.containers[0]?.image;
  expect(image('deployment/chandlery/order')).toBe('registry.example/shop/order:9.9');
  expect(image('job/chandlery/order-migrate')).toBe('registry.example/shop/tools:9.9');
  expect(image('statefulset/chandlery/order-db')).toBe('postgres:18');
});

describe('--delete', () => {
  beforeEach(() => {
    rehearsal.seed();
  });

  test('says what would be lost and deletes nothing when there is no terminal to ask', async () => {
    const { status, output, calls } = await rehearsal.run('--delete');
    expect([status, changes(calls)]).toEqual([2, []]);
    expect(output).toContain('data-order-db-0');
    expect(output).toContain('--yes');
  });

  test('deletes the shop and leaves the third-party parts', async () => {
    const { status } = await rehearsal.run('--delete', '--yes');
    expect(status).toBe(0);
    expect([...rehearsal.cluster.objects.keys()]).toEqual(['secret/monitoring/grafana-admin']);
    expect([...rehearsal.cluster.namespaces]).not.toContain('chandlery');
    expect([...rehearsal.cluster.releases.keys()]).toHaveLength(2);
  });

  test('deletes the third-party parts as well with --all, in reverse order', async () => {
    const { status, calls } = await rehearsal.run('--delete', '--yes', '--all');
    expect(status).toBe(0);
    expectInOrder(calls.join('\n'), [
      'delete namespace',
      'uninstall kube-prometheus-stack',
      'uninstall envoy-gateway',
    ]);
    expect(rehearsal.cluster.releases.size).toBe(0);
  });

  test('only shows what it would delete with --dry-run', async () => {
    const { status, output, calls } = await rehearsal.run('--delete', '--dry-run');
    expect([status, changes(calls)]).toEqual([0, []]);
    expect(output).toContain('delete namespace chandlery');
  });
});
