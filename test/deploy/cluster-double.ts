import { parseAllDocuments } from 'yaml';
import { type Call, parse, Refused } from './calls';
import { helm } from './helm-double';

export interface Stored {
  apiVersion: string;
  kind: string;
  type?: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  data?: Record<string, string>;
  spec?: {
    template?: { spec: { containers: { image: string }[] } };
    rules?: Rule[];
  };
}

/** Of a route. */
export interface Rule {
  matches?: { path: { type: string; value: string } }[];
  backendRefs: { name: string; port: number }[];
}

interface Node {
  name: string;
  unschedulable?: boolean;
  /** The effect of its taint, if it has one. */
  taint?: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule';
}

/**
 * The parts of a cluster, of kubectl and of helm that the script uses. It is strict: a command, a flag or a template
 * that it does not know is an error.
 */
export class ClusterDouble {
  contexts = ['laptop'];
  reachable = true;
  kubectlVersion = 'v1.32.4';
  serverVersion = 'v1.33.1';
  helmVersion = 'v3.18.6';
  /** The version of the Gateway API that helm finds in a chart. */
  gatewayApi = 'v1.6.1';
  /** The address of the gateway, if it has one. */
  gatewayAddress = '';
  /** The kinds that the cluster knows, as "group/version Kind". */
  kinds = [
    ...['v1 Namespace', 'v1 Secret', 'v1 ConfigMap', 'apps/v1 Deployment', 'apps/v1 StatefulSet'],
    ...['batch/v1 Job', 'autoscaling/v2 HorizontalPodAutoscaler', 'rabbitmq.com/v1beta1 RabbitmqCluster'],
    'metrics.k8s.io/v1beta1 PodMetrics',
    'apiextensions.k8s.io/v1 CustomResourceDefinition',
  ];
  /** The kinds that a helm release installs. */
  brings: Record<string, string[]> = {
    'envoy-gateway': ['gateway.networking.k8s.io/v1 Gateway', 'gateway.networking.k8s.io/v1 HTTPRoute'],
  };
  /** The definitions in a chart's folder crds, which helm installs only with the first release. */
  readonly definitions: Record<string, string[]> = {
    'gateway-helm': ['gateways.gateway.networking.k8s.io', 'httproutes.gateway.networking.k8s.io'],
  };
  readonly namespaces = new Set(['default']);
  /** The stored objects, by "kind/namespace/name". */
  readonly objects = new Map<string, Stored>();
  /** What helm has installed: the chart with its version, and the namespace. */
  readonly releases = new Map<string, { chart: string; namespace: string }>();
  /** The release, Job or program that fails. */
  failing = '';
  /** Whether the API server has a hiccup just when kubectl is called with these words, or for this path. */
  isUnavailable = (_words: string): boolean => false;
  /** Whether anybody has issued the gateway's certificate. */
  hasCertificate = true;
  /** Returns the port of this machine that leads to the gateway. Refuses as long as no pod of the gateway runs. */
  forwardPort = (): number => {
    throw new Refused('error: unable to forward port because pod is not running. Current status=Pending');
  };
  /** Whether our images can be fetched. */
  hasImages = true;
  nodes: Node[] = [{ name: 'one' }];
  defaultStorageClasses = 1;
  /** The first that Services have. */
  ipFamily = 'IPv4';

  constructor(public overlay: string) {}

  /** @throws Refused with what the program would print */
  run(program: string, args: readonly string[], input: string): string {
    const call = { ...parse(args), input };
    return program === 'helm' ? helm(this, call) : this.kubectl(call);
  }

  private kubectl(call: Call): string {
    const { words, flags, input } = call;
    const [verb, noun = '', ...names] = words;
    const versions = (name: string, gitVersion: string) =>
      JSON.stringify({ [name]: { gitVersion } }, undefined, 2);
    if (flags['--client']) {
      return versions('clientVersion', this.kubectlVersion);
    }
    if (verb === 'config') {
      return this.contexts.join('\n');
    }
    if (verb === 'kustomize') {
      return this.overlay;
    }
    if (!this.contexts.includes(flags['--context'] ?? '')) {
      throw new Refused('error: context does not exist');
    }
    if (!this.reachable) {
      throw new Refused('The connection to the server 127.0.0.1:1 was refused');
    }
    if (this.isUnavailable(flags['--raw'] ?? words.join(' '))) {
      throw new Refused(
        'Error from server (ServiceUnavailable): the server is currently unable to handle the request',
      );
    }
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
      case 'patch':
        return this.addRule(noun, namespace, names[0] ?? '', flags);
      case 'rollout':
        return this.rollout(names[0] ?? '', namespace);
      case 'wait':
        return this.wait(noun, namespace, call);
      case 'port-forward':
        return `Forwarding from 127.0.0.1:${this.forwardPort()} -> 10443`;
      case 'logs':
        return `the last line of ${noun}`;
      default:
        throw new Refused(`error: unknown command "${verb}" for "kubectl"`);
    }
  }

  private get(noun: string, namespace: string, names: string[], flags: Call['flags']): string {
    const [name = ''] = names;
    if (noun === 'namespace' && this.namespaces.has(name)) {
      return name;
    }
    if (noun === 'persistentvolumeclaims') {
      return 'data-order-db-0   1Gi';
    }
    if (noun === 'nodes') {
      return this.nodesThatTakePods(flags['-o'] ?? '');
    }
    if (noun === 'service' && name === 'kubernetes') {
      return this.ipFamily;
    }
    if (noun === 'service') {
      return 'envoy-gateway-system/envoy-chandlery';
    }
    if (noun === 'gateway') {
      return this.gatewayAddress;
    }
    if (noun === 'customresourcedefinition') {
      return this.bundleVersion(name);
    }
    if (flags['-o'] === 'name') {
      const [resource = '', called = ''] = noun.split('/');
      const [kind = '', ...group] = resource.split('.');
      const known = this.kinds.some((name) => {
        const [version = '', ofGroup = ''] = name.split(' ');
        return version.startsWith(`${group.join('.')}/`) && ofGroup.toLowerCase() === kind;
      });
      if (!known) {
        throw new Refused(`error: the server doesn't have a resource type "${kind}"`);
      }
      return this.objects.has(`${kind}/${namespace}/${called}`) ? noun : '';
    }
    if (noun === 'httproute' && flags['-o']?.includes('{{len .spec.rules}}')) {
      const rules = this.objects.get(`httproute/${namespace}/${name}`)?.spec?.rules ?? [];
      const [to] = rules[0]?.backendRefs ?? [];
      return `${rules.length} ${to?.name ?? ''} ${to?.port ?? ''}`;
    }
    if (noun === 'storageclasses') {
      return 'yes'.repeat(this.defaultStorageClasses);
    }
    if (noun === 'pods' && flags['-l']?.startsWith('batch.kubernetes.io/job-name=')) {
      return this.hasImages ? '' : 'ImagePullBackOff chandlery/tools:0.1.0';
    }
    if (noun === 'job' && flags['-o']?.startsWith('jsonpath=')) {
      if (!this.hasImages) {
        return '';
      }
      return this.failing === name ? 'FailureTarget Failed' : 'SuccessCriteriaMet Complete';
    }
    if (noun === 'secret' && name === 'chandlery-tls' && this.hasCertificate) {
      const { data } = this.objects.get(`secret/${namespace}/${name}`) ?? {};
      return Buffer.from(data?.['tls.crt'] ?? '', 'base64').toString();
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

  private addRule(noun: string, namespace: string, name: string, flags: Call['flags']): string {
    const [{ op, path, value }] = JSON.parse(flags['--patch'] ?? '');
    const rules = this.objects.get(`${noun}/${namespace}/${name}`)?.spec?.rules;
    if (rules === undefined || `${flags['--type']} ${op} ${path}` !== 'json add /spec/rules/-') {
      throw new Refused('The request is invalid');
    }
    rules.push(value);
    return `${noun}/${name} patched`;
  }

  private nodesThatTakePods(template: string): string {
    for (const part of ['.spec.unschedulable', '.spec.taints', 'PreferNoSchedule']) {
      if (!template.includes(part)) {
        throw new Refused(`error: the template does not look at ${part}`);
      }
    }
    const open = this.nodes.filter(({ unschedulable, taint = 'PreferNoSchedule' }) => {
      return !unschedulable && taint === 'PreferNoSchedule';
    });
    return open.map(({ name }) => name).join(' ');
  }

  private bundleVersion(name: string): string {
    const definition = this.objects.get(`customresourcedefinition//${name}`);
    return definition?.metadata.annotations?.['gateway.networking.k8s.io/bundle-version'] ?? '';
  }

  /** Refuses to wait for an object that does not exist, or for a condition that it does not have. */
  private wait(noun: string, namespace: string, { flags, input }: Call): string {
    const conditions: Record<string, string> = {
      cluster: 'Ready',
      rabbitmqcluster: 'AllReplicasReady',
      customresourcedefinition: 'Established',
    };
    const [type = '', called = ''] = noun.split('/');
    const keys = flags['-f'] ? documents(input).map(key) : [`${type.split('.')[0]}/${namespace}/${called}`];
    for (const objectKey of keys) {
      const [kind = '', , name] = objectKey.split('/');
      if (!this.objects.has(objectKey)) {
        throw new Refused(`Error from server (NotFound): ${objectKey} not found`);
      }
      if (this.failing === name || flags['--for'] !== `condition=${conditions[kind]}`) {
        throw new Refused(`error: timed out waiting for the condition on ${objectKey}`);
      }
    }
    return `${noun} condition met`;
  }

  private raw(path: string): string {
    if (path === '/readyz') {
      return 'ok';
    }
    const version = path.replace(/^\/apis?\//, '');
    const kinds = this.kinds.filter((kind) => kind.startsWith(`${version} `));
    if (kinds.length === 0) {
      throw new Refused('Error from server (NotFound): no such resource');
    }
    return JSON.stringify({
      kind: 'APIResourceList',
      resources: kinds.map((kind) => ({ kind: kind.split(' ')[1] })),
    });
  }

  private apply(objects: Stored[], flags: Call['flags']): string {
    if (!flags['--server-side']) {
      throw new Refused('error: manifests must be applied with --server-side');
    }
    return objects.map((object) => this.applyOne(object, flags['--dry-run'] === 'server')).join('\n');
  }

  private applyOne(object: Stored, dry: boolean): string {
    const { apiVersion, kind, metadata } = object;
    if (!this.kinds.includes(`${apiVersion} ${kind}`)) {
      throw new Refused(`error: no matches for kind "${kind}"`);
    }
    if (metadata.namespace && !this.namespaces.has(metadata.namespace)) {
      throw new Refused(`Error from server (NotFound): namespaces "${metadata.namespace}" not found`);
    }
    if (kind === 'Job' && this.objects.has(key(object))) {
      throw new Refused('spec.template: field is immutable');
    }
    if (!dry && kind === 'Namespace') {
      this.namespaces.add(metadata.name);
    } else if (!dry) {
      this.objects.set(key(object), object);
    }
    return `${kind}/${metadata.name} serverside-applied`;
  }

  private delete(keys: string[]): void {
    for (const objectKey of keys) {
      const [kind, , name = ''] = objectKey.split('/');
      if (kind === 'namespace') {
        this.namespaces.delete(name);
      }
      for (const stored of this.objects.keys()) {
        if (stored === objectKey || (kind === 'namespace' && stored.split('/')[1] === name)) {
          this.objects.delete(stored);
        }
      }
    }
  }

  private rollout(resource: string, namespace: string): string {
    const [kind, name] = resource.split('/');
    if (!this.objects.has(`${kind}/${namespace}/${name}`)) {
      throw new Refused(`Error: ${resource} not found`);
    }
    if (this.failing === name) {
      throw new Refused('error: timed out waiting for the condition');
    }
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
