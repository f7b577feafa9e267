import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { program } from '../../deploy/programs';
import { type Family, inUrl, serverAddresses } from './families';
import { API_PORT, type ClusterNode, CONTEXT, folders, kubeconfig } from './places';

/** Who may do what in the cluster: one authority, a certificate for each program, and its kubeconfig. */

interface Certificate {
  readonly name: string;
  /** Kubernetes takes O as the group and CN as the user. */
  readonly subject: string;
  /** The names and addresses of a server. */
  readonly names?: readonly string[];
}

const DAYS = '365';
const file = (name: string) => join(folders.certificates, name);
export const certificate = (name: string) => file(`${name}.crt`);
export const privateKey = (name: string) => file(`${name}.key`);
export const publicKey = (name: string) => file(`${name}.pub`);
export const settingsOf = (name: string) => join(folders.settings, `${name}.yaml`);
/** The user of the program that enforces network policies. It can only read a token, and no certificate. */
export const tokens = { file: file('tokens.csv'), policies: file('policies.token') };

/** Programs that talk to the API server, and the node or administrator that they do it for. */
const clients: readonly Certificate[] = [
  { name: 'admin', subject: '/O=system:masters/CN=admin' },
  { name: 'kube-controller-manager', subject: '/CN=system:kube-controller-manager' },
  { name: 'kube-scheduler', subject: '/CN=system:kube-scheduler' },
  { name: 'kube-proxy', subject: '/CN=system:kube-proxy' },
];

/** What the API server shows to others, and how it logs in to kubelets and to the servers that extend it. */
const ofServer: readonly Certificate[] = [
  {
    name: 'kube-apiserver',
    subject: '/CN=kube-apiserver',
    names: [
      ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((name) => `DNS:${name}`),
      ...['kubernetes.default.svc.cluster.local', 'localhost'].map((name) => `DNS:${name}`),
      ...['127.0.0.1', ...serverAddresses].map((address) => `IP:${address}`),
    ],
  },
  { name: 'kubelet-client', subject: '/O=system:masters/CN=kube-apiserver-kubelet-client' },
  { name: 'front-proxy', subject: '/CN=front-proxy-client' },
];

const ofNode = ({ name }: ClusterNode): Certificate => ({
  name,
  subject: `/O=system:nodes/CN=system:node:${name}`,
});

/** Creates the certificates, keys and kubeconfigs of a new cluster. */
export async function makeCertificates(
  nodes: readonly ClusterNode[],
  [first]: readonly Family[],
): Promise<void> {
  for (const folder of [folders.certificates, folders.settings]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  // Without the machine's own settings, which may add extensions of their own.
  writeFileSync(file('openssl.cnf'), '[req]\ndistinguished_name = subject\n[subject]\n');
  const openssl = await findOpenssl();
  await openssl(...authorityArguments());
  const all = [...clients, ...ofServer, ...nodes.map(ofNode)];
  await Promise.all(all.map((wanted) => openssl(...certificateArguments(wanted))));
  await openssl('genrsa', '-out', privateKey('accounts'), '2048');
  await openssl('rsa', '-in', privateKey('accounts'), '-pubout', '-out', publicKey('accounts'));
  const token = randomBytes(24).toString('hex');
  writeFileSync(tokens.policies, token);
  writeFileSync(tokens.file, `${token},network-policies,network-policies\n`);
  for (const { name } of [...clients, ...nodes]) {
    // Whoever is in the cluster's network reaches the API server at localhost, too, also without the bridge.
    const host = name === 'admin' ? '127.0.0.1' : inUrl(first?.server ?? '');
    writeFileSync(name === 'admin' ? kubeconfig : settingsOf(`${name}.kubeconfig`), kubeconfigOf(name, host));
  }
}

async function findOpenssl() {
  const { file: openssl, env } = await program('openssl', 3);
  return (...args: string[]) => promisify(execFile)(openssl, args, { env: { ...process.env, ...env } });
}

const newKey = (name: string) => [
  ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
  ...['-keyout', privateKey(name), '-out', certificate(name), '-days', DAYS, '-config', file('openssl.cnf')],
];

function authorityArguments(): string[] {
  const extensions = [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign,digitalSignature',
  ];
  return ['req', '-x509', '-subj', `/CN=${CONTEXT}`, ...newKey('ca'), ...extensions.flatMap(added)];
}

function certificateArguments({ name, subject, names = [] }: Certificate): string[] {
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'extendedKeyUsage=serverAuth,clientAuth',
    ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]),
  ];
  const signer = ['-CA', certificate('ca'), '-CAkey', privateKey('ca')];
  return ['req', '-x509', ...signer, '-subj', subject, ...newKey(name), ...extensions.flatMap(added)];
}

const added = (extension: string) => ['-addext', extension];

/** Returns the kubeconfig of a user who logs in with the certificate of this name. */
export function kubeconfigOf(name: string, host: string): string {
  const server = `https://${host}:${API_PORT}`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: CONTEXT, cluster: { server, 'certificate-authority': certificate('ca') } }],
    users: [{ name, user: { 'client-certificate': certificate(name), 'client-key': privateKey(name) } }],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: name } }],
    'current-context': CONTEXT,
  });
}
