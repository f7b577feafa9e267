import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { type Manifest, type Overlay, ofKind } from '../manifests';

/** The Secrets of the shop's namespace: keys by Secret, and the text of each key, empty if it is not known here. */
export type Secrets = Map<string, Map<string, string>>;

/** Returns the Secrets that deploy-to-cluster.sh makes or looks for (k8s/secrets.tsv), and those that operators make. */
export function secretsOf(overlay: Overlay, manifests: readonly Manifest[]): Secrets {
  const secrets: Secrets = new Map();
  const add = (secret: string, key: string, text = '') => {
    const keys = secrets.get(secret) ?? new Map<string, string>();
    secrets.set(secret, keys.set(key, text));
  };
  for (const [usedBy, namespace, secret, key, text] of rows()) {
    if ((usedBy === 'all' || usedBy.split(',').includes(overlay)) && namespace === 'chandlery') {
      add(secret, key, text);
    }
  }
  for (const { spec } of ofKind<{ secretName: string }>(manifests, 'Certificate')) {
    for (const key of ['tls.crt', 'tls.key', 'ca.crt']) {
      add(spec.secretName, key);
    }
  }
  for (const { metadata } of ofKind(manifests, 'RabbitmqCluster')) {
    for (const key of ['username', 'password']) {
      add(`${metadata.name}-default-user`, key);
    }
  }
  return secrets;
}

/** Returns overlay, namespace, Secret, key and value of each line of k8s/secrets.tsv. */
export function rows(): [string, string, string, string, string][] {
  return readFileSync(join(root, 'k8s/secrets.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t') as [string, string, string, string, string]);
}
