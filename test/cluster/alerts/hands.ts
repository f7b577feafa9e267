import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Container, V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import type { CheckoutName } from '../../../shared/services';
import { isRolledOut } from '../judging';
import { type Kube, NAMESPACE } from '../kube';
import { kubectl, type RunningKubectl, startKubectl } from '../kubectl';
import type { Undo } from './cause';

const POLL_MS = 1_000;
const WITHIN_MS = 5 * 60_000;
/** The name of the sessions that are opened here, and of whatever else is. */
const NAME = 'alert-drill';
/** Of the overlay `laptop`. The user postgres needs its password where the image says so. */
const PSQL =
  'PGPASSWORD=$POSTGRES_PASSWORD exec psql --host=/var/run/postgresql --username=postgres --no-psqlrc --quiet ' +
  '--tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$1" --command="$2"';

const named = (name: string) => `app.kubernetes.io/name=${name}`;

type Workload = { kind: 'Deployment' | 'StatefulSet'; name: string };
export const deployment = (name: string): Workload => ({ kind: 'Deployment', name });
export const statefulSet = (name: string): Workload => ({ kind: 'StatefulSet', name });
export const databaseOf = (service: CheckoutName): Workload => statefulSet(`${service}-db`);

export type Hands = ReturnType<typeof handsOn>;

/** What somebody with kubectl can do to the shop. */
export function handsOn({ context, apps, core, networking, merge }: Kube) {
  const namespace = NAMESPACE;
  const inNamespace = ['--context', context, '--namespace', namespace];

  /** Runs a script of a shell in a pod. @returns what it has printed */
  function inPod(pod: string, container: string, script: string, ...args: string[]): Promise<string> {
    return kubectl([
      ...inNamespace,
      'exec',
      pod,
      '--container',
      container,
      '--',
      'sh',
      '-c',
      script,
      'sh',
      ...args,
    ]);
  }

  /** Runs a statement as the superuser of a service's database. */
  async function sql(service: CheckoutName, statement: string): Promise<string> {
    return (await inPod(`${service}-db-0`, 'postgres', PSQL, service, statement)).trim();
  }

  /** Opens a session that holds what a statement has locked until it is taken back. */
  async function hold(service: CheckoutName, statement: string, undo: Undo): Promise<void> {
    const sessions = `FROM pg_stat_activity WHERE application_name = '${NAME}'`;
    undo(() => sql(service, `SELECT pg_terminate_backend(pid) ${sessions}`));
    const held = `SET application_name = '${NAME}'; BEGIN; ${statement}; SELECT pg_sleep(7200)`;
    // It ends with an error, when it is terminated.
    sql(service, held).catch(() => {});
    await until(`a session holds a lock in ${service}-db`, async () => {
      return (await sql(service, `SELECT 1 ${sessions} AND wait_event = 'PgSleep'`)) === '1';
    });
  }

  function rabbitmqctl(...args: string[]): Promise<string> {
    return inPod('rabbitmq-0', 'rabbitmq', 'exec rabbitmqctl --quiet "$@"', ...args);
  }

  async function read({ kind, name }: Workload): Promise<V1Deployment | V1StatefulSet> {
    return kind === 'Deployment'
      ? apps.readNamespacedDeployment({ namespace, name })
      : apps.readNamespacedStatefulSet({ namespace, name });
  }

  async function patch({ kind, name }: Workload, body: object): Promise<void> {
    await (kind === 'Deployment'
      ? apps.patchNamespacedDeployment({ namespace, name, body }, merge)
      : apps.patchNamespacedStatefulSet({ namespace, name, body }, merge));
    await until(`${name} is as it was changed`, async () => isRolledOut(await read({ kind, name })));
  }

  /** Changes how many pods there are, and waits until that is so. */
  async function scale(workload: Workload, replicas: number, undo: Undo): Promise<void> {
    const { spec } = await read(workload);
    undo(() => patch(workload, { spec: { replicas: spec?.replicas ?? 1 } }));
    await patch(workload, { spec: { replicas } });
    // Pods that are about to end still work.
    const labels = Object.entries(spec?.selector.matchLabels ?? {}).map(
      ([name, value]) => `${name}=${value}`,
    );
    await until(`${workload.name} has ${replicas} pods`, async () => {
      const pods = await core.listNamespacedPod({ namespace, labelSelector: labels.join() });
      return pods.items.length === replicas;
    });
  }

  /** Changes the container of all pods, and waits until they are replaced. */
  async function change(
    workload: Workload,
    changed: (container: V1Container) => object,
    undo: Undo,
  ): Promise<void> {
    const containers = (await read(workload)).spec?.template.spec?.containers ?? [];
    const withContainers = (list: object[]) => ({ spec: { template: { spec: { containers: list } } } });
    undo(() => patch(workload, withContainers(containers)));
    await patch(workload, withContainers(containers.map((one) => ({ ...one, ...changed(one) }))));
  }

  function setEnvironment(workload: Workload, variables: Record<string, string>, undo: Undo): Promise<void> {
    const more = Object.entries(variables).map(([name, value]) => ({ name, value }));
    return change(workload, ({ env = [] }) => ({ env: [...env, ...more] }), undo);
  }

  /** Opens a port of a pod on this machine. */
  async function forward(pod: string, port: number, undo: Undo): Promise<number> {
    const args = [...inNamespace, 'port-forward', `pod/${pod}`, `:${port}`];
    const forwarding: RunningKubectl = await startKubectl(args, /^Forwarding from 127\.0\.0\.1:(\d+)/);
    undo(async () => forwarding.stop());
    return Number(forwarding.ready[1]);
  }

  async function secret(name: string, key: string): Promise<string> {
    const { data } = await core.readNamespacedSecret({ namespace, name });
    return Buffer.from(data?.[key] ?? '', 'base64').toString();
  }

  /** Lets nobody in to the pods of a network policy. */
  async function closePort(policy: string, undo: Undo): Promise<void> {
    const { spec } = await networking.readNamespacedNetworkPolicy({ namespace, name: policy });
    const allow = (ingress: unknown) =>
      networking.patchNamespacedNetworkPolicy(
        { namespace, name: policy, body: { spec: { ingress } } },
        merge,
      );
    undo(() => allow(spec?.ingress));
    await allow([]);
  }

  async function replacePods(name: string): Promise<void> {
    await core.deleteCollectionNamespacedPod({ namespace, labelSelector: named(name) });
  }

  /** Gives the running container of the only pod with this name other limits. One that replaces it has the old ones. */
  async function resize(of: string, limits: Record<string, string>): Promise<void> {
    const labelSelector = named(of);
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    const found = items.find(({ metadata }) => metadata?.deletionTimestamp === undefined);
    const pod = found?.metadata?.name ?? '';
    const { name, resources } = found?.spec?.containers[0] ?? {};
    const body = Object.entries(limits).flatMap(([resource, value]) =>
      ['limits', 'requests'].map((kind) => ({
        op: 'replace',
        path: `/spec/containers/0/resources/${kind}/${resource}`,
        value,
      })),
    );
    await core.patchNamespacedPodResize({ namespace, name: pod, body });
    await until(`${name} has other limits than ${JSON.stringify(resources?.limits)}`, async () => {
      const { status } = await core.readNamespacedPod({ namespace, name: pod });
      const now = status?.containerStatuses?.[0]?.resources?.limits ?? {};
      return Object.entries(limits).every(([resource, value]) => String(now[resource]) === value);
    });
  }

  return {
    closePort,
    replacePods,
    resize,
    inPod,
    sql,
    hold,
    rabbitmqctl,
    scale,
    change,
    setEnvironment,
    forward,
    secret,
  };
}

/** @throws Error when it is not so within five minutes */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + WITHIN_MS; !(await isSo()); await sleep(POLL_MS)) {
    if (Date.now() > end) {
      throw new Error(`It is not so after five minutes: ${what}.`);
    }
  }
}
