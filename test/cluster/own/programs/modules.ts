import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cacheFolder } from '../../../../tools/support/debian-packages';
import type { GoModule, GoProgram } from './go-module';
import { monitoringModules } from './monitoring';
import { pauseSource } from './pause';

/** The programs of the cluster that are built from Go modules, with their pinned versions. */

/** 1.36 and newer need containerd 2, which Debian 12 does not have. */
const KUBERNETES = '1.35.4';
const ENVOY_GATEWAY = '1.9.1';
const HELM = '3.21.4';
const METRICS_SERVER = '0.9.0';
/** The newest that a module's go.mod asks for. */
export const NEEDED_GO = '1.26.7';

export const gatewayModule = `github.com/envoyproxy/gateway@v${ENVOY_GATEWAY}`;
export const versions = { kubernetes: KUBERNETES, gateway: ENVOY_GATEWAY };

/** What Kubernetes' go.mod takes from its own folder, which is not in the module. */
const STAGING = [
  ...['api', 'apiextensions-apiserver', 'apimachinery', 'apiserver', 'cli-runtime', 'client-go'],
  ...['cloud-provider', 'cluster-bootstrap', 'code-generator', 'component-base', 'component-helpers'],
  ...['controller-manager', 'cri-api', 'cri-client', 'csi-translation-lib', 'dynamic-resource-allocation'],
  ...['endpointslice', 'externaljwt', 'kms', 'kube-aggregator', 'kube-controller-manager', 'kube-proxy'],
  ...['kube-scheduler', 'kubectl', 'kubelet', 'metrics', 'mount-utils', 'pod-security-admission'],
  'sample-apiserver',
];

/** Without them, kubectl and the server say that they are v0.0.0, and deploy-to-cluster.sh refuses both. */
function kubernetesVersion(): Record<string, string> {
  const [major = '', minor = ''] = KUBERNETES.split('.');
  const name = 'k8s.io/component-base/version';
  return {
    [`${name}.gitVersion`]: `v${KUBERNETES}`,
    [`${name}.gitMajor`]: major,
    [`${name}.gitMinor`]: minor,
    [`${name}.gitTreeState`]: 'clean',
  };
}

function kubernetesProgram(name: string, minutes: number): GoProgram {
  return { name, package: `k8s.io/kubernetes/cmd/${name}`, minutes, variables: kubernetesVersion() };
}

const cniPlugin = (path: string): GoProgram => ({
  name: path.split('/')[1] ?? path,
  package: `github.com/containernetworking/plugins/plugins/${path}`,
  minutes: 0.2,
});

/** The first program of a module carries what the others share. */
export const modules: readonly GoModule[] = [
  {
    name: 'kubernetes',
    requires: { 'k8s.io/kubernetes': `v${KUBERNETES}` },
    goMod: [
      'go 1.25.0',
      'godebug default=go1.25',
      ...STAGING.map((name) => `replace k8s.io/${name} => k8s.io/${name} v0.${KUBERNETES.slice(2)}`),
    ],
    programs: [
      kubernetesProgram('kubelet', 8),
      kubernetesProgram('kubectl', 1.5),
      kubernetesProgram('kube-apiserver', 3.5),
      kubernetesProgram('kube-controller-manager', 1),
      kubernetesProgram('kube-scheduler', 0.3),
      kubernetesProgram('kube-proxy', 1),
    ],
  },
  {
    name: 'etcd',
    requires: { 'go.etcd.io/etcd/server/v3': 'v3.6.16' },
    goMod: ['go 1.26.0'],
    programs: [{ name: 'etcd', package: 'go.etcd.io/etcd/server/v3', minutes: 1.7 }],
  },
  {
    name: 'cni',
    requires: { 'github.com/containernetworking/plugins': 'v1.10.0' },
    goMod: ['go 1.26.0'],
    programs: ['main/ptp', 'main/loopback', 'ipam/host-local', 'meta/portmap'].map(cniPlugin),
  },
  {
    name: 'network-policies',
    requires: { 'sigs.k8s.io/kube-network-policies': 'v0.8.0' },
    goMod: ['go 1.26.0'],
    programs: [
      { name: 'kube-network-policies', package: 'sigs.k8s.io/kube-network-policies/cmd', minutes: 2 },
    ],
  },
  {
    name: 'coredns',
    requires: { 'github.com/coredns/coredns': 'v1.14.5' },
    goMod: ['go 1.26.0'],
    programs: [{ name: 'coredns', package: 'github.com/coredns/coredns', minutes: 4 }],
  },
  {
    // One module, so that the client of Kubernetes is compiled once and not three times.
    name: 'add-ons',
    requires: {
      'github.com/envoyproxy/gateway': `v${ENVOY_GATEWAY}`,
      'helm.sh/helm/v3': `v${HELM}`,
      'sigs.k8s.io/metrics-server': `v${METRICS_SERVER}`,
    },
    goMod: ['go 1.26.0'],
    programs: [
      {
        name: 'helm',
        package: 'helm.sh/helm/v3/cmd/helm',
        minutes: 4,
        variables: { 'helm.sh/helm/v3/internal/version.version': `v${HELM}` },
      },
      { name: 'envoy-gateway', package: 'github.com/envoyproxy/gateway/cmd/envoy-gateway', minutes: 5 },
      {
        name: 'metrics-server',
        package: 'sigs.k8s.io/metrics-server/cmd/metrics-server',
        minutes: 1,
        variables: { 'sigs.k8s.io/metrics-server/pkg/version.gitVersion': `v${METRICS_SERVER}` },
      },
    ],
  },
  {
    name: 'pause',
    requires: {},
    goMod: ['go 1.26.0'],
    source: pauseSource,
    programs: [{ name: 'pause', package: '.', minutes: 0.1 }],
  },
  ...monitoringModules,
];

/** Returns the text of the go.mod in which a module's programs are built. */
export function goModOf({ name, requires, goMod }: GoModule): string {
  const required = Object.entries(requires).map(([module, version]) => `require ${module} ${version}`);
  return [`module chandlery/cluster/${name}`, ...goMod, ...required, ''].join('\n');
}

/** Returns the folder of a module's programs. It is another one when they are built from anything else. */
export function folderOf(module: GoModule): string {
  const programs = module.programs.map(({ minutes, ...program }) => program);
  const parts = JSON.stringify([goModOf(module), module.files, module.source, programs]);
  const digest = createHash('sha256').update(parts).digest('hex').slice(0, 8);
  return join(cacheFolder(), `cluster-${module.name}-${digest}-${process.arch}`);
}

/** Returns the file of a program, whether or not it is built. */
export function fileOf(program: string): string {
  const module = modules.find(({ programs }) => programs.some(({ name }) => name === program));
  if (module === undefined) {
    throw new Error(`No module has the program ${program}.`);
  }
  return join(folderOf(module), program);
}

/** The folders of all programs. */
export const programFolders = (): string[] => modules.map(folderOf);
/** The plugins have a folder of their own, because containerd runs any of its files by name. */
export const pluginFolder = (): string => join(fileOf('ptp'), '..');
