import { existsSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

export interface Stored {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  data?: Record<string, string>;
  spec?: { template: { spec: { containers: { image: string }[] } } };
}

/** What kubectl or helm would end with. */
export class Refused extends Error {}

interface Call {
  words: string[];
  flags: Record<string, string>;
  input: string;
}

/** Flags that take a value; those of the second list do not. There are no others. */
const WITH_VALUE = [
  ...[
    '--context',
    '--namespace',
    '--request-timeout',
    '--raw',
    '--field-manager',
    '--timeout',
    '--for',
    '--tail',
  ],
  ...['--template', '--repo', '--version', '--kube-context', '--values', '--dry-run', '-o', '-f', '-l'],
];
const WITHOUT = [
  ...['--client', '--server-side', '--force-conflicts', '--ignore-not-found', '--wait', '--no-headers'],
  ...['--all-namespaces', '--install', '--create-namespace'],
];

/**
 * As much of a cluster, of kubectl and of helm as the script uses. It is stricter than it is clever: a command, a flag or
 * a template that it does not know is an error.
 */
export class ClusterDouble {
  contexts = ['laptop'];
  reachable = true;
  kubectlVersion = 'v1.32.4';
  serverVersion = 'v1.33.1';
  helmVersion = 'v3.18.6';
  /** "group/version Kind" of what the cluster knows. */
  kinds = [
    ...['v1 Namespace', 'v1 Secret', 'v1 ConfigMap', 'apps/v1 Deployment', 'apps/v1 StatefulSet'],
    ...['batch/v1 Job', 'autoscaling/v2 HorizontalPodAutoscaler', 'rabbitmq.com/v1beta1 RabbitmqCluster'],
    'metrics.k8s.io/v1beta1 PodMetrics',
  ];
  /** The kinds that a release of helm brings. */
  readonly brings: Record<string, string> = { 'envoy-gateway': 'gateway.networking.k8s.io/v1 Gateway' };
  readonly namespaces = new Set(['default']);
  /** By "kind/namespace/name". */
  readonly objects = new Map<string, Stored>();
  /** What helm has installed, and the version. */
  readonly releases = new Map<string, string>();
  /** The release, Job or program that comes to nothing. */
  failing = '';
  /** Whether images of ours can be fetched. */
  hasImages = true;
  nodes = 1;
  defaultStorageClasses = 1;

  constructor(public overlay: string) {}

  /** @throws Refused with what the program would say */
  run(program: string, args: readonly string[], input: string): string {
    const call = { ...parse(args), input };
    return program === 'helm' ? this.helm(call) : this.kubectl(call);
  }

  private helm({ words: [verb, release = '', chart = ''], flags }: Call): string {
    if (verb === 'version') return this.helmVersion;
    if (!this.contexts.includes(flags['--kube-context'] ?? '')) throw new Refused('Error: no such context');
    if (verb === 'uninstall') {
      this.releases.delete(release);
      return `release "${release}" uninstalled`;
    }
    if (verb !== 'upgrade') throw new Refused(`Error: unknown command "${verb}" for "helm"`);
    if (!existsSync(flags['--values'] ?? '')) throw new Refused(`Error: open ${flags['--values']}`);
    if (!flags['--repo'] && !chart.startsWith('oci://')) throw new Refused(`Error: repo ${chart} not found`);
    if (this.failing === release) throw new Refused('Error: context deadline exceeded');
    this.releases.set(release, flags['--version'] ?? 'not pinned');
    this.namespaces.add(flags['--namespace'] ?? 'default');
    this.kinds.push(...(this.brings[release] === undefined ? [] : [this.brings[release]]));
    return `Release "${release}" has been upgraded. Happy Helming!`;
  }

  private kubectl(call: Call): string {
    const { words, flags, input } = call;
    const [verb, noun = '', ...names] = words;
    const versions = (name: string, gitVersion: string) =>
      JSON.stringify({ [name]: { gitVersion } }, undefined, 2);
    if (flags['--client']) return versions('clientVersion', this.kubectlVersion);
    if (verb === 'config') return this.contexts.join('\n');
    if (verb === 'kustomize') return this.overlay;
    if (!this.contexts.includes(flags['--context'] ?? '')) throw new Refused('error: context does not exist');
    if (!this.reachable) throw new Refused('The connection to the server 127.0.0.1:1 was refused');
    const namespace = flags['--namespace'] ?? '';
    switch (verb) {
      case 'version':
        return versions('serverVersion', this.serverVersion);
      case 'get':
        return flags['--raw'] ? this.raw(flags['--raw']) : this.get(noun, namespace, names, flags);
      case 'create':
        this.namespaces.add(names[0] ?? '');
        return `namespace/${names[0]} created`;
      case 'apply':
        return this.apply(documents(input), flags);
      case 'delete':
        this.delete(
          flags['-f'] ? documents(input).map(key) : names.map((name) => `${noun}/${namespace}/${name}`),
        );
        return 'deleted';
      case 'rollout':
        return this.rollout(names[0] ?? '', namespace);
      case 'wait':
        return `${noun} condition met`;
      case 'logs':
        return `${noun} said what it had to say`;
      default:
        throw new Refused(`error: unknown command "${verb}" for "kubectl"`);
    }
  }

  private get(noun: string, namespace: string, names: string[], flags: Call['flags']): string {
    const [name = ''] = names;
    if (noun === 'namespace' && this.namespaces.has(name)) return name;
    if (noun === 'persistentvolumeclaims') return 'data-order-db-0   1Gi';
    if (noun === 'nodes') return 'node/one\n'.repeat(this.nodes).trim();
    if (noun === 'storageclasses') return 'yes'.repeat(this.defaultStorageClasses);
    if (noun === 'pods' && flags['-l']?.startsWith('batch.kubernetes.io/job-name=')) {
      return this.hasImages ? '' : 'ImagePullBackOff chandlery/tools:0.1.0';
    }
    if (noun === 'job' && flags['-o']?.startsWith('jsonpath=')) {
      if (!this.hasImages) return '';
      return this.failing === name ? 'FailureTarget Failed' : 'SuccessCriteriaMet Complete';
    }
    if (noun !== 'secret' || names.length < 2 || !flags['-o']?.includes('{{range .items}}')) {
      throw new Refused(`Error from server (NotFound): ${noun} "${name}" not found`);
    }
    const lines = names.flatMap((secret) =>
      Object.entries(this.objects.get(`secret/${namespace}/${secret}`)?.data ?? {}).map((pair) => [
        secret,
        ...pair,
      ]),
    );
    return lines.map((line) => line.join(' ')).join('\n');
  }

  private raw(path: string): string {
    if (path === '/readyz') return 'ok';
    const version = path.replace(/^\/apis?\//, '');
    const kinds = this.kinds.filter((kind) => kind.startsWith(`${version} `));
    if (kinds.length === 0) throw new Refused('Error from server (NotFound): no such resource');
    return JSON.stringify({
      kind: 'APIResourceList',
      resources: kinds.map((kind) => ({ kind: kind.split(' ')[1] })),
    });
  }

  private apply(objects: Stored[], flags: Call['flags']): string {
    if (!flags['--server-side'])
      throw new Refused('error: what is in git is applied on the side of the server');
    return objects.map((object) => this.applyOne(object, flags['--dry-run'] === 'server')).join('\n');
  }

  private applyOne(object: Stored, dry: boolean): string {
    const { apiVersion, kind, metadata } = object;
    if (!this.kinds.includes(`${apiVersion} ${kind}`))
      throw new Refused(`error: no matches for kind "${kind}"`);
    if (metadata.namespace && !this.namespaces.has(metadata.namespace)) {
      throw new Refused(`Error from server (NotFound): namespaces "${metadata.namespace}" not found`);
    }
    if (kind === 'Job' && this.objects.has(key(object)))
      throw new Refused('spec.template: field is immutable');
    if (!dry && kind === 'Namespace') this.namespaces.add(metadata.name);
    else if (!dry) this.objects.set(key(object), object);
    return `${kind}/${metadata.name} serverside-applied`;
  }

  private delete(keys: string[]): void {
    for (const at of keys) {
      const [kind, , name = ''] = at.split('/');
      if (kind === 'namespace') this.namespaces.delete(name);
      for (const one of this.objects.keys()) {
        if (one === at || (kind === 'namespace' && one.split('/')[1] === name)) this.objects.delete(one);
      }
    }
  }

  private rollout(what: string, namespace: string): string {
    const [kind, name] = what.split('/');
    if (!this.objects.has(`${kind}/${namespace}/${name}`)) throw new Refused(`Error: ${what} not found`);
    if (this.failing === name) throw new Refused('error: timed out waiting for the condition');
    return `${kind} "${name}" successfully rolled out`;
  }
}

function key({ kind, metadata: { namespace, name } }: Stored): string {
  return `${kind.toLowerCase()}/${namespace ?? ''}/${name}`;
}

function documents(text: string): Stored[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Stored | null)
    .filter((object) => object !== null);
}

function parse(args: readonly string[]): { words: string[]; flags: Record<string, string> } {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    const [, name, , value] = /^(--?[a-z-]+)(=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) words.push(argument);
    else if (WITH_VALUE.includes(name)) flags[name] = value ?? args[++i] ?? '';
    else if (WITHOUT.includes(name)) flags[name] = 'true';
    else throw new Refused(`error: unknown flag: ${name}`);
  }
  return { words, flags };
}
