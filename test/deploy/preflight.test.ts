import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../shared/root';
import { Refused } from './calls';
import { program } from './programs';
import { changes, expectInOrder, Rehearsal } from './rehearsal';

/** What deploy-to-cluster.sh prints before it begins, and what it shows without doing it. This needs no shop. */

let rehearsal: Rehearsal;
beforeEach(async () => {
  rehearsal = await Rehearsal.begin();
});
afterEach(() => rehearsal.end());

const deploy = (...args: string[]) => rehearsal.run('laptop', '--url', 'http://127.0.0.1:1', ...args);

test('shellcheck finds nothing in any script', async () => {
  const { file, env } = await program('shellcheck', 20);
  const scripts = ['deploy-to-cluster.sh', '.ci/run', 'test/cluster/own/node.sh'];
  const args = ['--external-sources', '--check-sourced', ...scripts];
  const { stdout } = await promisify(execFile)(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
  }).catch((error) => error);
  expect(stdout).toBe('');
});

test('names every tool that is missing or too old, and changes nothing', async () => {
  rehearsal.cluster.kubectlVersion = 'v1.29.7';
  rehearsal.removeProgram('helm');
  const { status, output, calls } = await deploy();
  expect(status).toBe(2);
  expect(output).toContain('kubectl 1.30 or newer: this one is v1.29.7');
  expect(output).toContain('helm: https://helm.sh');
  expect(calls.filter((call) => !call.includes('version --client'))).toEqual([]);
});

test('asks which of several clusters to use, and uses the one that is named', async () => {
  rehearsal.cluster.contexts.push('the-real-one');
  const unnamed = await deploy('--dry-run');
  expect(unnamed.status).toBe(2);
  expect(unnamed.output).toContain('--context');
  expect(unnamed.output).toContain('the-real-one');
  const named = await deploy('--dry-run', '--context', 'laptop');
  expect(named.status).toBe(0);
  expect(named.calls.filter((call) => call.includes('the-real-one'))).toEqual([]);
  expect((await deploy('--context', 'nowhere')).status).toBe(2);
});

test('refuses a cluster that is too old', async () => {
  rehearsal.cluster.serverVersion = 'v1.32.9';
  const { status, output, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('Kubernetes v1.32.9; 1.33 or newer');
});

test.each([
  {
    input: 'an option that has another option as its value',
    args: ['--tag', '--dry-run'],
    why: '--tag needs a value',
  },
  { input: 'an option that has an empty value', args: ['--context', ''], why: '--context needs a value' },
  {
    input: 'two overlays',
    args: ['laptop', 'production'],
    why: 'Choose one of laptop, staging and production',
  },
  {
    input: 'both deleting and keeping the charts',
    args: ['--delete', '--all', '--without-charts'],
    why: '--all deletes the charts',
  },
])('refuses $input, and does nothing', async ({ args, why }) => {
  const { status, output, calls } = await deploy(...args);
  expect([status, calls]).toEqual([2, []]);
  expect(output).toContain(why);
});

test('names everything that must be provided, before anything is changed', async () => {
  const rows = [
    'laptop\tchandlery\tbackups\taccess-key\tgiven',
    'laptop\tchandlery\tbackups\tsecret-key\tgiven',
  ];
  writeFileSync(join(rehearsal.home, 'k8s/secrets.tsv'), `${rows.join('\n')}\n`);
  const { status, output, calls } = await deploy('--without-charts');
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const lacking of ['access-key', 'secret-key', 'gateway.networking.k8s.io/v1 Gateway']) {
    expect(output).toContain(lacking);
  }
});

test.each([true, false])(
  'a dry run does not claim to have what must be provided (cluster reachable: %j)',
  async (reachable) => {
    rehearsal.cluster.reachable = reachable;
    writeFileSync(join(rehearsal.home, 'k8s/secrets.tsv'), 'laptop\tchandlery\tbackups\taccess-key\tgiven\n');
    const { output } = await deploy('--dry-run');
    expect(output).toContain('backups: you must provide access-key');
  },
);

test.each([true, false])(
  'a dry run shows all steps and changes nothing (cluster reachable: %j)',
  async (reachable) => {
    rehearsal.cluster.reachable = reachable;
    const { status, output, calls } = await deploy('--dry-run');
    expect([status, changes(calls)]).toEqual([0, []]);
    expectInOrder(output, [
      '[1/8] Checking the cluster',
      '[2/8] Namespaces and Secrets',
      'Secret chandlery/order-database',
      '[3/8] Third-party parts',
      'helm upgrade envoy-gateway',
      '[4/8] Databases and broker',
      'rollout status statefulset/order-db',
      '[5/8] Migrations and broker definitions',
      'delete job order-migrate',
      '[6/8] The services',
      'rollout status deployment/order',
      '[7/8] The overlay laptop',
      '[8/8] A trial through the gateway',
    ]);
    expect(output).not.toContain('cloudnative-pg');
    expect(rehearsal.cluster.objects.size).toBe(0);
  },
);

test('a dry run needs neither helm nor a cluster, and reports that they are missing', async () => {
  rehearsal.removeProgram('helm');
  rehearsal.cluster.contexts = [];
  const { status, output, calls } = await deploy('--dry-run');
  expect([status, changes(calls)]).toEqual([0, []]);
  expectInOrder(output, ['kubectl knows', 'helm: https://helm.sh', '[3/8]', 'helm upgrade envoy-gateway']);
});

test('says what to check when the cluster does not answer, and that nothing was changed', async () => {
  rehearsal.cluster.reachable = false;
  const { status, output, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const part of ['does not answer', 'was refused', 'kubectl --context laptop cluster-info']) {
    expect(output).toContain(part);
  }
});

test('names what the cluster lacks for volumes and autoscaling, before anything is changed', async () => {
  rehearsal.cluster.defaultStorageClasses = 0;
  rehearsal.cluster.kinds = rehearsal.cluster.kinds.filter((kind) => !kind.startsWith('metrics'));
  const { status, output, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  for (const part of ['a default StorageClass', 'metrics-server']) {
    expect(output).toContain(part);
  }
});

test('refuses to deploy production to two nodes that accept pods, or with the host name of the example', async () => {
  rehearsal.cluster.nodes = [
    { name: 'control-plane', taint: 'NoSchedule' },
    { name: 'cordoned', unschedulable: true },
    { name: 'leaving', taint: 'NoExecute' },
    { name: 'worker-1' },
    { name: 'worker-2', taint: 'PreferNoSchedule' },
  ];
  rehearsal.cluster.overlay = rehearsal.cluster.overlay.replaceAll('chandlery.localhost', 'shop.example');
  const { status, output, calls } = await rehearsal.run('production');
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('nodes: 2 accept pods');
  expect(output).toContain('k8s/overlays/production/entry/certificate.yaml');
});

test.each([
  ['/apis/gateway.networking.k8s.io/v1', '--without-charts'],
  ['/apis/gateway.networking.k8s.io/v1', '--dry-run'],
  ['/apis/gateway.networking.k8s.io/v1', '--delete --yes'],
  ['get cluster.postgresql.cnpg.io/order-db', ''],
])(
  'takes nothing for missing that the cluster cannot tell (%s %s), and changes nothing',
  async (words, args) => {
    rehearsal.seed();
    rehearsal.cluster.isUnavailable = (asked) => asked === words;
    const { status, output, calls } = await deploy(...args.split(' ').filter(Boolean));
    expect([status, changes(calls)]).toEqual([2, []]);
    expect(output).toContain('is currently unable to handle the request');
    expect(output).not.toContain('custom resource definitions for');
  },
);

test('refuses a cluster whose first IP family the gateway would not have', async () => {
  const proxy = (spec: string) =>
    `---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata:\n  name: chandlery\nspec:\n  ${spec}\n`;
  const { cluster } = rehearsal;
  const plain = `${cluster.overlay}${proxy('shutdown: {}')}`;
  cluster.overlay = plain;
  expect((await deploy('--dry-run')).output).not.toContain('components/ipv6');
  cluster.ipFamily = 'IPv6';
  const { status, output, calls } = await deploy();
  expect([status, changes(calls)]).toEqual([2, []]);
  expect(output).toContain('- ../../components/ipv6');
  cluster.overlay = plain.replace('shutdown: {}', 'ipFamily: DualStack');
  expect((await deploy('--dry-run')).output).not.toContain('components/ipv6');
});

test('a dry run asks the cluster whether it would accept what it knows', async () => {
  rehearsal.cluster.namespaces.add('chandlery');
  const { output, calls } = await deploy('--dry-run');
  expect(calls.some((call) => call.includes('--dry-run=server'))).toBe(true);
  expect(output).toContain('the cluster would accept it');
  expect(output).toContain('does not know these kinds yet: Gateway');
});

test('a dry run on a running shop changes nothing either', async () => {
  rehearsal.seed();
  const { status, calls } = await deploy('--dry-run');
  expect([status, changes(calls)]).toEqual([0, []]);
});

test.each([
  ['production', 'apps/v1', 'StatefulSet', ['order-db'], 'laptop'],
  ['production', 'apps/v1', 'StatefulSet', ['order-db', 'account-db'], 'staging'],
  ['laptop', 'apps/v1', 'StatefulSet', ['order-db', 'account-db'], 'staging'],
  ['staging', 'apps/v1', 'StatefulSet', ['order-db'], 'laptop'],
  ['staging', 'postgresql.cnpg.io/v1', 'Cluster', ['order-db'], 'production'],
  ['laptop', 'postgresql.cnpg.io/v1', 'Cluster', ['order-db'], 'production'],
])(
  'refuses to deploy %s where databases of another overlay are (%s %s %j)',
  async (overlay, apiVersion, kind, names, other) => {
    const { cluster } = rehearsal;
    cluster.kinds.push(`${apiVersion} ${kind}`);
    for (const name of names) {
      cluster.objects.set(`${kind.toLowerCase()}/chandlery/${name}`, {
        apiVersion,
        kind,
        metadata: { name, namespace: 'chandlery' },
      });
    }
    const { status, output, calls } = await rehearsal.run(overlay, '--url', 'http://127.0.0.1:1');
    expect([status, changes(calls)]).toEqual([2, []]);
    expect(output).toContain(`./deploy-to-cluster.sh ${other} --delete`);
  },
);

test('reports which third-party parts will change to another version', async () => {
  rehearsal.seed();
  rehearsal.cluster.releases.set('envoy-gateway', {
    chart: 'gateway-helm-1.1.0',
    namespace: 'envoy-gateway-system',
  });
  const { output } = await deploy('--dry-run');
  expect(output).toContain(
    'envoy-gateway in envoy-gateway-system is gateway-helm-1.1.0 and will become gateway-helm-1.2.3',
  );
  expect(output).not.toContain('kube-prometheus-stack in monitoring is');
});

test('says at which step it was, when it is ended from outside', async () => {
  let attempts = 0;
  rehearsal.cluster.forwardPort = () => {
    if (++attempts === 2) {
      rehearsal.stop('SIGTERM');
    }
    throw new Refused('error: unable to forward port because pod is not running');
  };
  const { status, output } = await rehearsal.run('laptop');
  expect(status).not.toBe(0);
  expect(output).toContain('"A trial through the gateway", failed');
  expect(output).toContain('get gateway,httproute --namespace chandlery');
});

test.each([[['--quickly']], [['--context']], [['--yes']]])(
  'prints its usage when it does not understand %j',
  async (args) => {
    const { status, output, calls } = await rehearsal.run(...args);
    expect([status, calls]).toEqual([2, []]);
    expect(output).toContain('Usage:');
  },
);
