import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../shared/root';
import { program } from './programs';
import { changes, expectInOrder, Rehearsal } from './rehearsal';

/** What deploy-to-cluster.sh says before it begins, and what it shows without doing it. Nobody needs a shop for that. */

let rehearsal: Rehearsal;
beforeEach(async () => {
  rehearsal = await Rehearsal.begin();
});
afterEach(() => rehearsal.end());

const deploy = (...args: string[]) => rehearsal.run('laptop', '--url', 'http://127.0.0.1:1', ...args);

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
  rehearsal.cluster.serverVersion = 'v1.32.9';
  const { status, said, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(said).toContain('Kubernetes v1.32.9; 1.33 or newer');
});

test.each([
  {
    of: 'an option that has another for its value',
    args: ['--tag', '--dry-run'],
    why: '--tag needs a value',
  },
  { of: 'an option that has nothing for its value', args: ['--context', ''], why: '--context needs a value' },
  { of: 'two overlays', args: ['laptop', 'production'], why: 'either laptop or production' },
  {
    of: 'charts that are to go and to stay',
    args: ['--delete', '--all', '--without-charts'],
    why: '--all takes the charts away',
  },
])('refuses $of, and does nothing', async ({ args, why }) => {
  const { status, said, calls } = await deploy(...args);
  expect([status, calls]).toEqual([2, []]);
  expect(said).toContain(why);
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
  'a dry run does not say that what has to be brought is there (cluster reachable: %j)',
  async (reachable) => {
    rehearsal.cluster.reachable = reachable;
    writeFileSync(join(rehearsal.home, 'k8s/secrets.tsv'), 'laptop\tchandlery\tbackups\taccess-key\tgiven\n');
    const { said } = await deploy('--dry-run');
    expect(said).toContain('backups: yours to bring: access-key');
  },
);

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
  for (const part of ['does not answer', 'was refused', 'kubectl --context laptop cluster-info']) {
    expect(said).toContain(part);
  }
});

test('names what the cluster lacks for volumes and autoscaling, before anything is done', async () => {
  rehearsal.cluster.defaultStorageClasses = 0;
  rehearsal.cluster.kinds = rehearsal.cluster.kinds.filter((kind) => !kind.startsWith('metrics'));
  const { status, said, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const part of ['a default StorageClass', 'metrics-server']) {
    expect(said).toContain(part);
  }
});

test('brings no production to two nodes that take pods, nor under the name of an example', async () => {
  rehearsal.cluster.nodes = [
    { name: 'control-plane', taint: 'NoSchedule' },
    { name: 'cordoned', unschedulable: true },
    { name: 'leaving', taint: 'NoExecute' },
    { name: 'worker-1' },
    { name: 'worker-2', taint: 'PreferNoSchedule' },
  ];
  rehearsal.cluster.overlay = rehearsal.cluster.overlay.replaceAll('chandlery.localhost', 'shop.example');
  const { status, said, calls } = await rehearsal.run('production');
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(said).toContain('there are 2 that take pods');
  expect(said).toContain('k8s/overlays/production/entry/certificate.yaml');
});

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

test.each([
  ['production', 'apps/v1', 'StatefulSet', 'laptop'],
  ['laptop', 'postgresql.cnpg.io/v1', 'Cluster', 'production'],
])(
  'brings no %s to where the databases are those of the other overlay',
  async (overlay, apiVersion, kind, other) => {
    const { cluster } = rehearsal;
    cluster.objects.set(`${kind.toLowerCase()}/chandlery/order-db`, {
      apiVersion,
      kind,
      metadata: { name: 'order-db', namespace: 'chandlery' },
    });
    const { status, said, calls } = await rehearsal.run(overlay, '--url', 'http://127.0.0.1:1');
    expect([status, changes(calls)]).toEqual([2, []]);
    expect(said).toContain(`./deploy-to-cluster.sh ${other} --delete`);
  },
);

test('says which third-party parts it is going to change to another version', async () => {
  rehearsal.seed();
  rehearsal.cluster.releases.set('envoy-gateway', {
    chart: 'gateway-helm-1.1.0',
    namespace: 'envoy-gateway-system',
  });
  const { said } = await deploy('--dry-run');
  expect(said).toContain(
    'envoy-gateway in envoy-gateway-system is gateway-helm-1.1.0, and becomes gateway-helm-1.2.3',
  );
  expect(said).not.toContain('kube-prometheus-stack in monitoring is');
});

test.each([[['--quickly']], [['--context']], [['--yes']]])(
  'says how it is used when it does not understand %j',
  async (args) => {
    const { status, said, calls } = await rehearsal.run(...args);
    expect([status, calls]).toEqual([2, []]);
    expect(said).toContain('Usage:');
  },
);
