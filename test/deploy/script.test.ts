import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../shared/root';
import { program } from './programs';
import { changes, Rehearsal } from './rehearsal';
import { openShopFront, type ShopFront } from './shop-front';

/** What deploy-to-cluster.sh does, on a cluster that is a file, and a trial checkout at a shop that is real. */

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

test('shellcheck has nothing to say about any script', async () => {
  const { file, env } = await program('shellcheck', 20);
  const args = ['--external-sources', '--check-sourced', 'deploy-to-cluster.sh', '.ci/run'];
  const { stdout } = await promisify(execFile)(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
  }).catch((error) => error);
  expect(stdout).toBe('');
});

test('names every tool that is missing or too old, and touches nothing', async () => {
  rehearsal.cluster.kubectlVersion = 'v1.29.7';
  rehearsal.without('helm');
  const { status, said, calls } = await deploy();
  expect(status).toBe(2);
  expect(said).toContain('kubectl 1.30 or newer: this one is v1.29.7');
  expect(said).toContain('helm: https://helm.sh');
  expect(calls.filter((call) => !call.includes('version --client'))).toEqual([]);
});

test('asks which cluster is meant when there are several, and takes the one that is named', async () => {
  rehearsal.cluster.contexts.push('the-real-one');
  const unnamed = await deploy('--dry-run');
  expect(unnamed.status).toBe(2);
  expect(unnamed.said).toContain('--context');
  expect(unnamed.said).toContain('the-real-one');
  const named = await deploy('--dry-run', '--context', 'laptop');
  expect(named.status).toBe(0);
  expect(named.calls.filter((call) => call.includes('the-real-one'))).toEqual([]);
  expect((await deploy('--context', 'nowhere')).status).toBe(2);
});

test('refuses a cluster that is too old', async () => {
  rehearsal.cluster.serverVersion = 'v1.28.3';
  const { status, said, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(said).toContain('v1.28.3');
});

test('names everything that has to be brought, before anything is done', async () => {
  const rows = [
    'laptop\tchandlery\tbackups\taccess-key\tgiven',
    'laptop\tchandlery\tbackups\tsecret-key\tgiven',
  ];
  writeFileSync(join(rehearsal.home, 'k8s/secrets.tsv'), `${rows.join('\n')}\n`);
  const { status, said, calls } = await deploy('--without-charts');
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const lacking of ['access-key', 'secret-key', 'gateway.networking.k8s.io/v1 Gateway']) {
    expect(said).toContain(lacking);
  }
});

test.each([true, false])(
  'a dry run shows all steps and changes nothing (cluster reachable: %j)',
  async (reachable) => {
    rehearsal.cluster.reachable = reachable;
    const { status, said, calls } = await deploy('--dry-run');
    expect([status, changes(calls)]).toEqual([0, []]);
    expectInOrder(said, [
      '[1/8] Looking at the cluster',
      '[2/8] Namespaces and Secrets',
      'Secret chandlery/order-database',
      '[3/8] Third-party parts',
      'helm upgrade envoy-gateway',
      '[4/8] Databases and broker',
      'rollout status statefulset/order-db',
      '[5/8] Migrations and broker definitions',
      'delete job order-migrate',
      '[6/8] The overlay laptop',
      '[7/8] Rollout',
      'rollout status deployment/order',
      '[8/8] A checkout through the gateway',
    ]);
    expect(said).not.toContain('cloudnative-pg');
    expect(rehearsal.cluster.objects.size).toBe(0);
  },
);

test('a dry run needs neither helm nor a cluster, and says that they are missing', async () => {
  rehearsal.without('helm');
  rehearsal.cluster.contexts = [];
  const { status, said, calls } = await deploy('--dry-run');
  expect([status, changes(calls)]).toEqual([0, []]);
  expectInOrder(said, ['kubectl knows', 'helm: https://helm.sh', '[3/8]', 'helm upgrade envoy-gateway']);
});

test('says what to look at when the cluster does not answer, and that nothing was done', async () => {
  rehearsal.cluster.reachable = false;
  const { status, said, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const part of ['does not answer', 'was refused', 'kubectl --context laptop cluster-info'])
    expect(said).toContain(part);
});

test('names what the cluster lacks for volumes and autoscaling, before anything is done', async () => {
  rehearsal.cluster.defaultStorageClasses = 0;
  rehearsal.cluster.kinds = rehearsal.cluster.kinds.filter((kind) => !kind.startsWith('metrics'));
  const { status, said, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const part of ['a default StorageClass', 'metrics-server']) expect(said).toContain(part);
});

test('brings no production to two nodes, nor under the name of an example', async () => {
  rehearsal.cluster.nodes = 2;
  rehearsal.cluster.overlay = rehearsal.cluster.overlay.replaceAll('chandlery.localhost', 'shop.example');
  const { status, said, calls } = await rehearsal.run('production');
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(said).toContain('there are 2');
  expect(said).toContain('k8s/overlays/production/entry/certificate.yaml');
});

test('names the image that the cluster cannot fetch, and what to do, without waiting for all of its patience', async () => {
  rehearsal.cluster.hasImages = false;
  rehearsal.impatient();
  const { status, said } = await deploy();
  expect(status).toBe(1);
  expect(said).toContain('cannot fetch the image chandlery/tools:0.1.0 (ImagePullBackOff)');
  expect(said).toContain('--images');
}, 60_000);

test('a dry run asks the cluster whether it would accept what it knows', async () => {
  rehearsal.cluster.namespaces.add('chandlery');
  const { said, calls } = await deploy('--dry-run');
  expect(calls.some((call) => call.includes('--dry-run=server'))).toBe(true);
  expect(said).toContain('the cluster would accept it');
  expect(said).toContain('does not know them yet: Gateway');
});

test('a dry run on a shop that is up changes nothing either', async () => {
  rehearsal.seed();
  const { status, calls } = await deploy('--dry-run');
  expect([status, changes(calls)]).toEqual([0, []]);
});

test('deploys step by step, and pays a first order through the gateway', async () => {
  const { status, said, calls } = await deploy();
  expect(said).toContain('is paid');
  expect(status).toBe(0);
  expectInOrder(changes(calls).join('\n'), [
    'apply',
    'create namespace monitoring',
    'apply',
    'upgrade envoy-gateway',
    'upgrade kube-prometheus-stack',
    'delete job',
  ]);
  expect([...rehearsal.cluster.releases.keys()]).toEqual(['envoy-gateway', 'kube-prometheus-stack']);
  expect([...rehearsal.cluster.objects.keys()]).toEqual(
    expect.arrayContaining([
      'deployment/chandlery/order',
      'job/chandlery/order-migrate',
      'gateway/chandlery/chandlery',
    ]),
  );
  expect(said).toContain('grafana-admin');
});

test('makes every Secret of its table once, and shows no value of any', async () => {
  const first = await deploy();
  const made = new Map(rehearsal.cluster.objects);
  const second = await deploy();
  expect([first.status, second.status]).toEqual([0, 0]);
  const wanted = readFileSync(join(root, 'k8s/secrets.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([overlay]) => overlay === 'all' || overlay === 'laptop');
  expect(wanted.length).toBeGreaterThan(30);
  for (const [, namespace, name = '', key = '', how] of wanted) {
    const value = rehearsal.secret(name, namespace)[key] ?? '';
    expect([name, key, value.length > 4]).toEqual([name, key, true]);
    if (how !== 'random' && how !== 'certificate-key') continue;
    for (const { said, calls } of [first, second]) expect(`${said}${calls}`).not.toContain(value);
  }
  for (const [at, object] of made) {
    if (object.kind === 'Secret') expect(rehearsal.cluster.objects.get(at)).toEqual(object);
  }
  const { username, password, uri } = rehearsal.secret('order-database');
  expect(uri).toBe(`postgresql://${username}:${password}@order-db-rw:5432/order`);
  const passwords = ['order', 'payment', 'stock'].map(
    (name) => rehearsal.secret(`${name}-database`).password,
  );
  expect(new Set(passwords).size).toBe(3);
  const certificate = new X509Certificate(rehearsal.secret('chandlery-tls')['tls.crt'] ?? '');
  expect(certificate.checkHost('chandlery.localhost')).toBe('chandlery.localhost');
});

test('adds the keys that a Secret lacks, and leaves the others', async () => {
  const password = Buffer.from('chosen-by-hand').toString('base64');
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
    password: 'chosen-by-hand',
    uri: 'postgresql://order:chosen-by-hand@order-db-rw:5432/order',
  });
});

test.each([
  ['order-migrate', 'Migrations and broker definitions', 'logs job/order-migrate --namespace chandlery'],
  ['envoy-gateway', 'Third-party parts', 'helm status envoy-gateway --kube-context laptop'],
  ['order', 'Rollout', 'describe deployment/order --namespace chandlery'],
])('when %s fails, it names the step and the command that shows more', async (failing, step, command) => {
  rehearsal.cluster.failing = failing;
  const { status, said } = await deploy();
  expect(status).toBe(1);
  expect(said).toContain(`"${step}", failed`);
  expect(said).toContain(command);
  expect(rehearsal.cluster.objects.has('deployment/chandlery/order')).toBe(step === 'Rollout');
});

test('goes on from where it failed when it is run again', async () => {
  rehearsal.cluster.failing = 'order-migrate';
  expect((await deploy()).status).toBe(1);
  const before = rehearsal.secret('order-database');
  rehearsal.cluster.failing = '';
  expect((await deploy()).status).toBe(0);
  expect(rehearsal.secret('order-database')).toEqual(before);
});

test("takes the project's own images from the registry that is named, and no others", async () => {
  await deploy('--images', 'registry.example/shop', '--tag', '9.9');
  const image = (at: string) => rehearsal.cluster.objects.get(at)?.spec?.template.spec.containers[0]?.image;
  expect(image('deployment/chandlery/order')).toBe('registry.example/shop/order:9.9');
  expect(image('job/chandlery/order-migrate')).toBe('registry.example/shop/tools:9.9');
  expect(image('statefulset/chandlery/order-db')).toBe('postgres:18');
});

describe('--delete', () => {
  beforeEach(() => {
    rehearsal.seed();
  });

  test('says what is lost and deletes nothing when nobody can be asked', async () => {
    const { status, said, calls } = await rehearsal.run('--delete');
    expect([status, changes(calls)]).toEqual([2, []]);
    expect(said).toContain('data-order-db-0');
    expect(said).toContain('--yes');
  });

  test('takes the shop away and leaves the third-party parts', async () => {
    const { status } = await rehearsal.run('--delete', '--yes');
    expect(status).toBe(0);
    expect([...rehearsal.cluster.objects.keys()]).toEqual(['secret/monitoring/grafana-admin']);
    expect([...rehearsal.cluster.namespaces]).not.toContain('chandlery');
    expect([...rehearsal.cluster.releases.keys()]).toHaveLength(2);
  });

  test('takes the third-party parts away as well with --all, the last first', async () => {
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
    const { status, said, calls } = await rehearsal.run('--delete', '--dry-run');
    expect([status, changes(calls)]).toEqual([0, []]);
    expect(said).toContain('delete namespace chandlery');
  });
});

test.each([[['--quickly']], [['--context']], [['--yes']]])(
  'says how it is used when it does not understand %j',
  async (args) => {
    const { status, said, calls } = await rehearsal.run(...args);
    expect([status, calls]).toEqual([2, []]);
    expect(said).toContain('Usage:');
  },
);

function expectInOrder(text: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const found = text.indexOf(part, from);
    if (found < 0)
      throw new Error(
        `"${part}" does not come after ${JSON.stringify(text.slice(0, from).slice(-80))} in:\n${text}`,
      );
    from = found + part.length;
  }
}
