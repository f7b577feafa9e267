import { join } from 'node:path';
import { stringify } from 'yaml';
import { certificate, settingsOf } from './certificates';
import { PAUSE } from './images/names';
import { type ClusterNode, cgroup, folders } from './places';
import { pluginFolder } from './programs/modules';

/** The settings of the programs of a node, by the name of their file in its folder. */
export function nodeSettings(node: ClusterNode): Record<string, string> {
  return {
    'containerd.toml': containerd(node),
    'kubelet.yaml': stringify(kubelet(node)),
    'kube-proxy.yaml': stringify(kubeProxy(node)),
    'cni/10-pods.conflist': JSON.stringify(podNetwork(node), undefined, 2),
    // Nobody outside of the cluster is asked for a name.
    'resolv.conf': 'nameserver 127.0.0.1\n',
  };
}

/** Its sockets are below /run, which each node has to itself. */
function containerd({ folder }: ClusterNode): string {
  const path = (name: string) => JSON.stringify(join(folder, name));
  return `version = 2
root = ${path('containerd')}
state = "/run/containerd"
[plugins."io.containerd.internal.v1.opt"]
  path = ${path('opt')}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  # Root in a container or a small virtual machine may not lower a process's score.
  restrict_oom_score_adj = true
  # AppArmor has no namespaces: a profile would stay in the machine's kernel.
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${JSON.stringify(pluginFolder())}
    conf_dir = ${path('cni')}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

function kubelet({ name, folder, networks }: ClusterNode) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      x509: { clientCAFile: certificate('ca') },
      webhook: { enabled: true },
      anonymous: { enabled: false },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}/${name}`,
    failCgroupV1: false,
    failSwapOn: false,
    // Of the first family, like the Service.
    clusterDNS: networks.slice(0, 1).map(({ family }) => family.services.names),
    clusterDomain: 'cluster.local',
    resolvConf: join(folder, 'resolv.conf'),
    // With the other logs, which stay when a test fails.
    podLogsDir: join(folders.logs, name, 'pods'),
    volumePluginDir: join(folder, 'plugins'),
    enforceNodeAllocatable: ['pods'],
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1Gi', 'imagefs.available': '1Gi' },
    // An image that was deleted could not be fetched again.
    imageGCHighThresholdPercent: 100,
  };
}

function kubeProxy({ name, networks }: ClusterNode) {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: settingsOf('kube-proxy.kubeconfig') },
    mode: 'iptables',
    clusterCIDR: networks.map(({ family }) => family.pods).join(),
    hostnameOverride: name,
    // The machine's own limits stay as they are.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    iptables: { minSyncPeriod: '1s' },
  };
}

/** A cable from each pod to its node, which routes. */
function podNetwork({ networks }: ClusterNode) {
  const ipam = {
    type: 'host-local',
    dataDir: '/run/cni',
    ranges: networks.map(({ pods }) => [{ subnet: pods }]),
    routes: networks.map(({ family }) => ({ dst: family.all })),
  };
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      { type: 'ptp', ipMasq: false, mtu: 1400, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}
