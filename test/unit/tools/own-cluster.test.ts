import { readdirSync, readFileSync } from 'node:fs';
import { BlockList, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../../../shared/root';
import { readOptions } from '../../cluster/options';
import { kubeconfigOf } from '../../cluster/own/certificates';
import { controlPlane } from '../../cluster/own/control-plane';
import { familiesOf, inUrl, ipFamilies } from '../../cluster/own/families';
import { imageOf } from '../../cluster/own/images/build';
import { withoutChecks } from '../../cluster/own/images/dockerfile';
import { byDigest, imagesIn, imagesOfPrograms, targetOf } from '../../cluster/own/images/names';
import { bridgeLines, cableLines, nodeLines } from '../../cluster/own/network';
import { nodeSettings } from '../../cluster/own/node-settings';
import { folders, MAX_NODES, manifests, nodeOf, nodesOf } from '../../cluster/own/places';
import { buildArguments } from '../../cluster/own/programs/build';
import { envoyImageIn, valuesOf } from '../../cluster/own/programs/chart';
import { folderOf, goModOf, modules, versions } from '../../cluster/own/programs/modules';
import { type Machine, missingFrom } from '../../cluster/own/requirements';
import { foldersToDelete, STORAGE_CLASS, volumeFor, withTopology } from '../../cluster/own/storage/volumes';
import { readStages } from '../../images/dockerfile';
import { withoutDigest } from '../../images/engine/bases';

/** The parts of a cluster of our own that can be tested without one. */

const machine: Machine = {
  platform: 'linux',
  isRoot: true,
  node: '24.20.0',
  go: '1.26.8',
  built: false,
  missingPrograms: [],
  noNamespaces: undefined,
  noGroups: undefined,
  noOverlays: [],
  hasIpv6: true,
  freeGigabytes: 100,
  hidden: [],
};

test('a machine that has everything lacks nothing, and one that has nothing is told everything at once', () => {
  expect(missingFrom(machine)).toEqual([]);
  const lacking = missingFrom({
    ...machine,
    isRoot: false,
    node: '20.19.0',
    go: undefined,
    missingPrograms: ['runc'],
    noOverlays: ['/work'],
    freeGigabytes: 3,
    hidden: ['/var/lib/chandlery'],
  });
  for (const part of ['root', 'Node.js 22.15', 'Go 1.26', 'runc', 'overlay', 'GB', '/var/lib/']) {
    expect(lacking.join('\n')).toContain(part);
  }
  expect(lacking).toHaveLength(7);
});

test.each([
  ['an older Go', { go: '1.26.6' }, ['Go 1.26.7']],
  ['an older Go when everything is built', { go: '1.19', built: true }, []],
  ['a newer Go', { go: '1.27' }, []],
  ['no namespaces', { noNamespaces: 'Operation not permitted' }, ['Operation not permitted']],
  ['cgroups that nobody may change', { noGroups: 'cgroups of its own' }, ['cgroups']],
  ['too little space for a build', { freeGigabytes: 20 }, ['35 GB']],
  ['little space when everything is built', { freeGigabytes: 20, built: true }, []],
  ['another system', { platform: 'darwin', isRoot: false, go: undefined }, ['kind']],
])('%s', (_, change, expected) => {
  const lacking = missingFrom({ ...machine, ...change });
  expect(lacking).toHaveLength(expected.length);
  for (const [i, text] of expected.entries()) {
    expect(lacking[i]).toContain(text);
  }
});

test('a machine without IPv6 can run a cluster of IPv4 only', () => {
  const without = { ...machine, hasIpv6: false };
  expect(missingFrom(without, 'ipv4')).toEqual([]);
  for (const ipFamily of ['ipv6', 'dual'] as const) {
    expect(missingFrom(without, ipFamily)).toEqual([expect.stringContaining('IPv6')]);
    expect(missingFrom(machine, ipFamily)).toEqual([]);
  }
});

test('every module pins its versions, and its programs are built from it', () => {
  for (const module of modules) {
    const text = goModOf(module);
    for (const [name, version] of Object.entries(module.requires)) {
      expect(version).toMatch(/^v\d+\.\d+\.\d+$/);
      expect(text).toContain(`require ${name} ${version}\n`);
    }
    for (const program of module.programs) {
      const from = Object.keys(module.requires).some((name) => program.package.startsWith(name));
      expect(from || module.source !== undefined).toBe(true);
      expect(buildArguments(program)).toContain(`programs/${program.name}`);
    }
  }
  expect(new Set(modules.map(folderOf)).size).toBe(modules.length);
  const [kubernetes] = modules;
  const minor = versions.kubernetes.slice(2);
  expect(kubernetes && goModOf(kubernetes)).toContain(
    `replace k8s.io/client-go => k8s.io/client-go v0.${minor}\n`,
  );
  expect(kubernetes && buildArguments(kubernetes.programs[0] as never).join(' ')).toContain(
    `gitVersion=v${versions.kubernetes}`,
  );
});

test('Envoy Gateway has the minor version that deploy-to-cluster.sh installs', () => {
  const charts = readFileSync(join(root, 'helm-config/charts.txt'), 'utf8');
  const [, installed] = /^envoy-gateway .* v(\d+\.\d+)\.\d+ /m.exec(charts) ?? [];
  expect(versions.gateway).toMatch(new RegExp(`^${installed}\\.`));
});

/** As in the chart's template. */
const hole = (name: string) => `$\{${name}}`;

test('fills in the values of the chart, and refuses those that it does not know', () => {
  const filled = parse(
    valuesOf(`image: ${hole('GatewayImage')}\npolicy: ${hole('GatewayImagePullPolicy')}\n`),
  );
  expect(filled).toEqual({
    image: `docker.io/envoyproxy/gateway:v${versions.gateway}`,
    policy: 'IfNotPresent',
  });
  expect(() => valuesOf(hole('Surprise'))).toThrow('Surprise');
  expect(envoyImageIn('\tDefaultEnvoyProxyImage = "docker.io/e/envoy:v1@sha256:ab"')).toMatch(/ab$/);
  expect(() => envoyImageIn('')).toThrow('image of Envoy');
});

test('an image with a digest is found by its digest, and fetched or built by its tag', () => {
  const image = 'docker.io/envoyproxy/envoy:v1.39.1@sha256:ab';
  expect(withoutDigest(image)).toBe('docker.io/envoyproxy/envoy:v1.39.1');
  expect(byDigest(image)).toBe('docker.io/envoyproxy/envoy@sha256:ab');
});

test('finds every image of the shop, and which of them are our own', () => {
  const pod = (image: string) => `spec: { containers: [{ image: "${image}" }] }\n`;
  const text = ['chandlery/order:1', 'postgres:18', 'chandlery/order:1'].map(pod).join('---\n');
  expect(imagesIn(text)).toEqual(['chandlery/order:1', 'postgres:18']);
  expect(imagesIn(text).map(targetOf)).toEqual(['order', undefined]);
});

test("builds our images without the checks, and from all other stages of the project's Dockerfile", () => {
  const [checked, unchecked] = [readStages(), readStages(withoutChecks())];
  expect(checked.get('test')?.runs).toContain('npm run check');
  expect([...unchecked.values()].flatMap(({ runs }) => runs).join('\n')).not.toMatch(
    /npm run check|apt-get|go install/,
  );
  expect(unchecked.get('test')?.runs.at(-1)).toBe('npm run build');
  checked.delete('kustomize');
  expect([...unchecked.keys()]).toEqual([...checked.keys()]);
  for (const [name, stage] of checked) {
    if (name !== 'test') {
      expect(unchecked.get(name)?.runs).toEqual(stage.runs);
      expect(unchecked.get(name)?.copies).toEqual(stage.copies);
    }
  }
  expect(() => withoutChecks('FROM scratch\n')).toThrow('has changed');
  expect(imageOf('coredns', undefined)).not.toContain('USER');
  // The Prometheus Operator does not use the entry point of its reloader's image.
  expect(imageOf('prometheus-config-reloader', undefined)).toContain(
    'ENTRYPOINT ["/bin/prometheus-config-reloader"]',
  );
});

describe.each(ipFamilies)('with the IP family %s', (ipFamily) => {
  const families = familiesOf(ipFamily);
  const spoken = families.map(({ all }) => all);

  test('every node has its own name, addresses and folders', () => {
    const nodes = nodesOf(MAX_NODES, ipFamily);
    for (const key of ['name', 'folder'] as const) {
      expect(new Set(nodes.map((node) => node[key])).size).toBe(MAX_NODES);
    }
    const networks = nodes.flatMap((node) => node.networks);
    for (const key of ['address', 'pods'] as const) {
      expect(new Set(networks.map((network) => network[key])).size).toBe(MAX_NODES * families.length);
    }
    const [first, second] = [nodeOf(1, ipFamily), nodeOf(2, ipFamily)];
    expect(cableLines(first, 42).join('\n')).toContain('netns 42');
    const lines = nodeLines(first, [first, second]);
    expect(lines).toEqual(
      expect.arrayContaining(second.networks.map(({ pods, address }) => `route add ${pods} via ${address}`)),
    );
    for (const { pods } of first.networks) {
      expect(lines.join('\n')).not.toContain(`route add ${pods}`);
    }
    const ends = families.map(({ all, server }) => `route add ${all} via ${server}`);
    expect(lines.slice(-families.length)).toEqual(ends);
    expect(bridgeLines(families).join('\n')).toContain(families[0]?.server);
  });

  test('the addresses of nodes, pods and Services are not the same, and pods are in the range of pods', () => {
    const list = new BlockList();
    const add = (range: string) => {
      const [address = '', bits] = range.split('/');
      list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
    };
    const has = (address: string) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
    const nodes = nodesOf(MAX_NODES, ipFamily).flatMap(({ networks }) => networks);
    for (const { services } of families) {
      add(services.range);
    }
    expect(families.map(({ services }) => [services.api, services.names].map(has))).toEqual(
      families.map(() => [true, true]),
    );
    expect(nodes.map(({ pods }) => has(pods.split('/')[0] ?? ''))).not.toContain(true);
    for (const { pods } of families) {
      add(pods);
    }
    expect(nodes.map(({ pods }) => has(pods.split('/')[0] ?? ''))).not.toContain(false);
    expect(
      [...nodes, ...families.map(({ server }) => ({ address: server }))].map(({ address }) => has(address)),
    ).not.toContain(true);
  });

  test('the settings of a node can be read, and name nothing of another node', () => {
    const node = nodeOf(2, ipFamily);
    const settings = nodeSettings(node);
    const kubelet = parse(settings['kubelet.yaml'] ?? '');
    expect(kubelet).toMatchObject({ kind: 'KubeletConfiguration', cgroupDriver: 'cgroupfs' });
    expect(kubelet.cgroupRoot).toMatch(/\/n2$/);
    expect(kubelet.clusterDNS).toEqual([families[0]?.services.names]);
    expect(parse(settings['kube-proxy.yaml'] ?? '')).toMatchObject({
      hostnameOverride: 'n2',
      mode: 'iptables',
      clusterCIDR: families.map(({ pods }) => pods).join(','),
    });
    const [plugin] = JSON.parse(settings['cni/10-pods.conflist'] ?? '').plugins;
    expect(plugin.ipam.ranges).toEqual(node.networks.map(({ pods }) => [{ subnet: pods }]));
    expect(plugin.ipam.routes).toEqual(spoken.map((dst) => ({ dst })));
    expect(settings['containerd.toml']).toContain(`root = "${node.folder}/containerd"`);
    expect(Object.values(settings).join('\n')).not.toMatch(/nodes\/n1|undefined/);
  });

  test('every program of the control plane gets a value for each of its options', () => {
    const { first, afterwards } = controlPlane(families);
    expect(first.map(({ name }) => name)).toEqual(['etcd', 'kube-apiserver']);
    for (const { args } of [...first, ...afterwards]) {
      for (const arg of args) {
        expect(arg).toMatch(/^--[a-z-]+=.+/);
        expect(arg).not.toContain('undefined');
      }
    }
  });
});

test('a kubeconfig names the server as a URL has it', () => {
  expect(parse(kubeconfigOf('admin', '127.0.0.1'))).toMatchObject({
    'current-context': 'chandlery-own',
    clusters: [{ cluster: { server: 'https://127.0.0.1:6443' } }],
  });
  expect(inUrl('2001:db8::1')).toBe('[2001:db8::1]');
  expect(inUrl('192.0.2.1')).toBe('192.0.2.1');
});

test('the manifests can be read, and their images are built here and never fetched', () => {
  const files = readdirSync(manifests);
  expect(files.length).toBeGreaterThan(3);
  const built = Object.values(imagesOfPrograms).map(({ image }) => image);
  for (const file of files) {
    const text = readFileSync(join(manifests, file), 'utf8');
    for (const document of parseAllDocuments(text)) {
      expect(document.errors).toEqual([]);
      expect(document.toJS()).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) });
    }
    const images = imagesIn(text);
    expect(built).toEqual(expect.arrayContaining(images));
    expect(text.match(/imagePullPolicy: Never/g) ?? []).toHaveLength(images.length);
  }
  const storage = parse(readFileSync(join(manifests, 'storage.yaml'), 'utf8'));
  expect(storage.metadata.name).toBe(STORAGE_CLASS);
});

test('a claim gets a volume on its node as soon as that is chosen, and a released volume is deleted', () => {
  const claim = {
    metadata: { name: 'data', namespace: 'shop', uid: 'a1', annotations: {} as Record<string, string> },
    spec: { storageClassName: STORAGE_CLASS, resources: { requests: { storage: '2Gi' } } },
    status: { phase: 'Pending' },
  };
  expect(volumeFor(claim)).toBeUndefined();
  claim.metadata.annotations['volume.kubernetes.io/selected-node'] = 'n2';
  const volume = volumeFor(claim);
  expect(volume?.spec).toMatchObject({ capacity: { storage: '2Gi' }, claimRef: { name: 'data', uid: 'a1' } });
  expect(volume?.spec?.local?.path).toBe(`${nodeOf(2, 'ipv4').folder}/volumes/pvc-a1`);
  expect(volumeFor({ ...claim, status: { phase: 'Bound' } })).toBeUndefined();
  expect(volumeFor({ ...claim, spec: { storageClassName: 'other' } })).toBeUndefined();
  const inPhase = (phase: string) => foldersToDelete({ ...volume, status: { phase } });
  expect(inPhase('Bound')).toBeUndefined();
  for (const phase of ['Released', 'Failed']) {
    expect(inPhase(phase)).toContain(volume?.spec?.local?.path);
  }
});

test('where there are several nodes, the last one holds no volume', () => {
  expect(withTopology({}, ['n1'])).toEqual({});
  const values = ['n1', 'n2'];
  expect(withTopology({}, [...values, 'n3'])).toEqual({
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values }] }],
  });
});

test('no volume makes the storage create or delete a folder of the machine', () => {
  const metadata = {
    name: 'pvc-1',
    annotations: { 'pv.kubernetes.io/provisioned-by': 'chandlery/node-folder' },
  };
  const spec = {
    storageClassName: STORAGE_CLASS,
    local: { path: '/home/me/data' },
    persistentVolumeReclaimPolicy: 'Delete',
  };
  const status = { phase: 'Released' };
  for (const folder of foldersToDelete({ metadata, spec, status }) ?? []) {
    expect(folder.startsWith(folders.nodes)).toBe(true);
  }
  expect(foldersToDelete({ metadata, spec, status })).not.toHaveLength(0);
  const kept = { ...spec, persistentVolumeReclaimPolicy: 'Retain' };
  expect(foldersToDelete({ metadata, spec: kept, status })).toBeUndefined();
  expect(foldersToDelete({ metadata: { name: 'pvc-1' }, spec, status })).toBeUndefined();
  expect(foldersToDelete({ metadata: { ...metadata, name: '..' }, spec, status })).toBeUndefined();
  const selected = { 'volume.kubernetes.io/selected-node': '../../../../home' };
  const claim = { metadata: { uid: 'a1', annotations: selected }, spec, status: { phase: 'Pending' } };
  expect(volumeFor(claim)).toBeUndefined();
});

test('the cluster test starts a cluster of its own on request, and refuses options that contradict that', () => {
  expect(readOptions(['--own'], undefined).ownNodes).toBe(3);
  expect(readOptions(['--own', '--nodes', '1'], undefined)).toMatchObject({ ownNodes: 1, ipFamily: 'ipv4' });
  expect(readOptions(['--own', '--ip-family', 'dual'], undefined).ipFamily).toBe('dual');
  expect(readOptions(['--context', 'kind'], undefined).ownNodes).toBeUndefined();
  for (const args of [
    ['--own', '--context', 'kind'],
    ['--own', '--tag', '1'],
    ['--own', '--power', 'off'],
    ['--own', '--deployed'],
    ['--own', '--overlay', 'production'],
    ['--own', '--nodes', '0'],
    ['--own', '--ip-family', 'ipv5'],
    ['--own', '--ip-family', 'ipv6'],
    ['--nodes', '3', '--context', 'kind'],
    ['--ip-family', 'dual', '--context', 'kind'],
  ]) {
    expect(() => readOptions(args, undefined)).toThrow(
      args.includes('--own') ? /own|nodes|ip-family/ : `${args[0]} needs`,
    );
  }
});
