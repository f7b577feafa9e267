import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { type Call, Refused } from './calls';

/** What helm sees of a cluster, and how a test makes it behave. */
export interface HelmCluster {
  readonly helmVersion: string;
  readonly contexts: readonly string[];
  readonly releases: Map<string, { chart: string; namespace: string }>;
  readonly definitions: Readonly<Record<string, readonly string[]>>;
  readonly gatewayApi: string;
  readonly failing: string | undefined;
  readonly namespaces: Set<string>;
  readonly kinds: string[];
  readonly brings: Readonly<Record<string, readonly string[]>>;
}

/** The part of helm that the script uses, on a cluster that is a double as well. */
export function helm(cluster: HelmCluster, { words: [verb, ...words], flags }: Call): string {
  if (verb === 'version') {
    return cluster.helmVersion;
  }
  if (verb === 'show') {
    return showDefinitions(cluster, words, flags);
  }
  if (!cluster.contexts.includes(flags['--kube-context'] ?? '')) {
    throw new Refused('Error: no such context');
  }
  const [release = ''] = words;
  switch (verb) {
    case 'list':
      return list(cluster, flags);
    case 'uninstall':
      cluster.releases.delete(release);
      return `release "${release}" uninstalled`;
    case 'upgrade':
      return upgrade(cluster, words, flags);
    default:
      throw new Refused(`Error: unknown command "${verb}" for "helm"`);
  }
}

/** Prints definitions without a separator, after a line about fetching the chart, as helm does. */
function showDefinitions(cluster: HelmCluster, [what, chart = '']: string[], flags: Call['flags']): string {
  if (what !== 'crds' || !flags['--version']) {
    throw new Refused('Error: helm does not show that');
  }
  mustBeFound(chart, flags);
  const found = cluster.definitions[basename(chart)] ?? [];
  const texts = found.map(
    (name) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    gateway.networking.k8s.io/bundle-version: ${cluster.gatewayApi}
    chart: "${flags['--version']}"
  name: ${name}
`,
  );
  return ['Pulled: registry.example/charts', ...texts].join('\n');
}

function list({ releases }: HelmCluster, flags: Call['flags']): string {
  const wanted = new RegExp(flags['--filter'] ?? '');
  const found = [...releases].filter(
    ([name, { namespace }]) => wanted.test(name) && namespace === flags['--namespace'],
  );
  return JSON.stringify(found.map(([name, { chart, namespace }]) => ({ name, namespace, chart })));
}

function upgrade(cluster: HelmCluster, [release = '', chart = '']: string[], flags: Call['flags']): string {
  const namespace = flags['--namespace'] ?? 'default';
  if (!existsSync(flags['--values'] ?? '')) {
    throw new Refused(`Error: open ${flags['--values']}`);
  }
  mustBeFound(chart, flags);
  if (cluster.failing === release) {
    throw new Refused('Error: context deadline exceeded');
  }
  cluster.releases.set(release, { chart: `${basename(chart)}-${flags['--version']}`, namespace });
  cluster.namespaces.add(namespace);
  cluster.kinds.push(...(cluster.brings[release] ?? []));
  return `Release "${release}" has been upgraded. Happy Helming!`;
}

function mustBeFound(chart: string, flags: Call['flags']): void {
  if (!flags['--repo'] && !chart.startsWith('oci://')) {
    throw new Refused(`Error: repo ${chart} not found`);
  }
}
