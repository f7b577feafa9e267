import { join } from 'node:path';
import { certificate, privateKey, publicKey, settingsOf, tokens } from './certificates';
import type { Family } from './families';
import { API_PORT, folders } from './places';
import { fileOf } from './programs/modules';

/** One program of the control plane, and its options. */
export interface ControlProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const ETCD = 'http://127.0.0.1:2379';

/** Returns the programs in the order in which they are started; the API server must answer before those after it. */
export function controlPlane(families: readonly Family[]): {
  first: ControlProgram[];
  afterwards: ControlProgram[];
} {
  return {
    first: [programOf('etcd', etcd), programOf('kube-apiserver', apiServer(families))],
    afterwards: [
      programOf('kube-controller-manager', { ...client('kube-controller-manager'), ...controllers() }),
      programOf('kube-scheduler', client('kube-scheduler')),
    ],
  };
}

function programOf(name: string, options: Record<string, string>): ControlProgram {
  const args = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  return { name, command: fileOf(name), args };
}

const etcd = {
  'data-dir': folders.etcd,
  // Nobody needs the data after the cluster has ended.
  'unsafe-no-fsync': 'true',
  'listen-client-urls': ETCD,
  'advertise-client-urls': ETCD,
  'listen-peer-urls': 'http://127.0.0.1:2380',
  'log-level': 'warn',
};

function apiServer(families: readonly Family[]): Record<string, string> {
  return {
    'etcd-servers': ETCD,
    'advertise-address': families[0]?.server ?? '',
    'secure-port': String(API_PORT),
    'service-cluster-ip-range': families.map(({ services }) => services.range).join(),
    'tls-cert-file': certificate('kube-apiserver'),
    'tls-private-key-file': privateKey('kube-apiserver'),
    'client-ca-file': certificate('ca'),
    'token-auth-file': tokens.file,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': publicKey('accounts'),
    'service-account-signing-key-file': privateKey('accounts'),
    'kubelet-client-certificate': certificate('kubelet-client'),
    'kubelet-client-key': privateKey('kubelet-client'),
    'kubelet-preferred-address-types': 'InternalIP',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    ...extensions(),
  };
}

/** How metrics-server extends the API. */
function extensions(): Record<string, string> {
  return {
    'proxy-client-cert-file': certificate('front-proxy'),
    'proxy-client-key-file': privateKey('front-proxy'),
    'requestheader-client-ca-file': certificate('ca'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    // The control plane has no kube-proxy, so it asks pods and not their Service.
    'enable-aggregator-routing': 'true',
  };
}

function client(name: string): Record<string, string> {
  const login = settingsOf(`${name}.kubeconfig`);
  return {
    kubeconfig: login,
    'authentication-kubeconfig': login,
    'authorization-kubeconfig': login,
    'leader-elect': 'false',
    'bind-address': '127.0.0.1',
  };
}

function controllers(): Record<string, string> {
  return {
    'use-service-account-credentials': 'true',
    // Its default is a folder of the machine, which it would create.
    'flex-volume-plugin-dir': join(folders.settings, 'plugins'),
    'service-account-private-key-file': privateKey('accounts'),
    'root-ca-file': certificate('ca'),
    'cluster-signing-cert-file': certificate('ca'),
    'cluster-signing-key-file': privateKey('ca'),
  };
}
