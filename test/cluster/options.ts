import { parseArgs } from 'node:util';
import { wholeNumber } from '../../tools/support/command-line';
import { type IpFamily, readIpFamily } from './own/families';
import { CONTEXT, MAX_NODES } from './own/places';
import { findRelease } from './upgrade/releases';

export interface ClusterOptions {
  context: string | undefined;
  overlay: 'laptop' | 'production';
  buyers: number;
  /** Whether the shop is deployed already. */
  deployed: boolean;
  /** The released version that is deployed first, and then upgraded. */
  from: string | undefined;
  /** The number of nodes of a cluster of our own, if that shall be started. */
  ownNodes: number | undefined;
  /** What that cluster speaks. */
  ipFamily: IpFamily;
  /** How many requests must be sent during everyday changes. These are repeated until so many were sent. */
  requests: number;
  /** Whether the gateway's pods can be reached from this machine. */
  direct: boolean;
  /** Whether alerts are checked instead of what buyers notice. */
  alerts: boolean;
  /** Of the causes of alerts, only those with one of these in their title; all if there are none. */
  causes: string[];
  /** The command of a shell that switches nodes off and on, if there is one. */
  power: string | undefined;
  /** Options for deploy-to-cluster.sh. */
  script: string[];
}

export const usage = `Usage: npm run test:cluster -- --context NAME [--overlay laptop|production] [--buyers 16] [--deployed]
                               [--requests 20000] [--direct] [--power COMMAND]
                               [--images PREFIX] [--tag TAG] [--without-charts] [--from VERSION]
       npm run test:cluster -- --own [--nodes 3] [--ip-family ipv4|dual] [--buyers 16] [--requests 20000]
                               [--from VERSION] [--alerts [--causes TEXT]]
Deploys the shop to a cluster, has buyers check out, deletes and moves pods of every kind, and checks the books and every
answer against the saga's invariants. Use a cluster that may break: nodes are drained, and data is left behind.
  --context   kubectl's context; if KUBECONFIG is set, it can be left out for the current context
  --buyers    how many there are; each has one checkout in flight at a time
  --deployed  the shop is deployed already
  --requests  how many must be sent during rollouts, drains and scaling, which go on until then
  --direct    the gateway's pods can be reached from here, without kubectl port-forward, which loses requests when its
              pod ends
  --power     a command that switches nodes off and on: "off NODE" or "on NODE" is added to it
  --from      deploy this released version first, as it was then, and upgrade it, roll it back and upgrade it again while
              buyers check out; the cluster must also have its images, with that version as their tag
  --alerts    bring the cause of each alert about instead, and wait until it fires; takes an hour and a quarter
  --causes    of these, only the causes with this in their title; may be given several times
  --own       start a cluster of our own for the test, and end it afterwards: npm run cluster -- --help
  --nodes     how many nodes that cluster has
  --ip-family what its pods and Services have addresses of
  --images, --tag, --without-charts are options of deploy-to-cluster.sh
Exit status: 0 no invariant was violated, 1 one was, 2 the test could not be completed.`;

const options = {
  context: { type: 'string' },
  overlay: { type: 'string', default: 'laptop' },
  buyers: { type: 'string', default: '16' },
  deployed: { type: 'boolean', default: false },
  images: { type: 'string' },
  tag: { type: 'string' },
  'without-charts': { type: 'boolean', default: false },
  requests: { type: 'string', default: '20000' },
  direct: { type: 'boolean', default: false },
  power: { type: 'string' },
  from: { type: 'string' },
  alerts: { type: 'boolean', default: false },
  causes: { type: 'string', multiple: true },
  own: { type: 'boolean', default: false },
  nodes: { type: 'string' },
  'ip-family': { type: 'string' },
} as const;
/** Each has a connection. */
const MAX_BUYERS = 250;
/** They are kept in memory, with their answers. */
const MAX_REQUESTS = 1_000_000;
/** Options that choose a cluster or what is deployed to it. A cluster of our own leaves no choice. */
const CHOICES = ['context', 'images', 'tag', 'power'] as const;

/**
 * @param kubeconfig the value of KUBECONFIG. The cluster must be named, so that none is broken by accident.
 * @throws Error with the usage
 */
export function readOptions(args: readonly string[], kubeconfig: string | undefined): ClusterOptions {
  const { values } = parseArgs({ args: [...args], options });
  const { context, overlay, images, tag, power, direct, from, alerts, causes = [] } = values;
  if (!context && !kubeconfig && !values.own) {
    throw new Error(`No cluster is named: set KUBECONFIG, or use --context or --own.\n${usage}`);
  }
  if (overlay !== 'laptop' && overlay !== 'production') {
    throw new Error(`There is no overlay "${overlay}".\n${usage}`);
  }
  const buyers = wholeNumber('buyers', values.buyers, 1, MAX_BUYERS);
  const requests = wholeNumber('requests', values.requests, 0, MAX_REQUESTS);
  if (from !== undefined && values.deployed) {
    throw new Error(`--from deploys the shop, so leave out --deployed.\n${usage}`);
  }
  if (from !== undefined) {
    findRelease(from);
  }
  if (causes.length > 0 && !alerts) {
    throw new Error(`--causes needs --alerts.\n${usage}`);
  }
  if (alerts && !values.own && context !== CONTEXT) {
    throw new Error(`--alerts breaks more than a shop may lose, so it needs --own.\n${usage}`);
  }
  const ownNodes = readOwnNodes(values);
  const script = [
    ...(images === undefined ? [] : ['--images', images]),
    ...(tag === undefined ? [] : ['--tag', tag]),
    ...(values['without-charts'] ? ['--without-charts'] : []),
  ];
  const ipFamily = readIpFamily(values['ip-family'] ?? 'ipv4');
  if (ipFamily === 'ipv6') {
    throw new Error(
      'The overlay laptop, as it is, has no gateway for IPv6 alone. Try that by hand, with "npm run cluster" and the ' +
        `component ipv6, or use --ip-family dual.\n${usage}`,
    );
  }
  return {
    ...{
      context,
      overlay,
      buyers,
      requests,
      direct,
      power,
      from,
      alerts,
      causes,
      ownNodes,
      ipFamily,
      script,
    },
    deployed: values.deployed,
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

function readOwnNodes(values: Values): number | undefined {
  if (!values.own) {
    const useless = (['nodes', 'ip-family'] as const).find((name) => values[name] !== undefined);
    if (useless !== undefined) {
      throw new Error(`--${useless} needs --own.\n${usage}`);
    }
    return undefined;
  }
  const useless = CHOICES.find((name) => values[name] !== undefined);
  if (useless !== undefined || values.deployed || values.overlay !== 'laptop') {
    const option = useless ?? (values.deployed ? 'deployed' : 'overlay production');
    throw new Error(
      `A cluster of our own starts empty, for the overlay laptop: leave out --${option}.\n${usage}`,
    );
  }
  return wholeNumber('nodes', values.nodes ?? '3', 1, MAX_NODES);
}
