import { parseArgs } from 'node:util';

export interface ClusterOptions {
  context: string | undefined;
  overlay: 'laptop' | 'production';
  buyers: number;
  /** Whether what is there is tried as it is, instead of being deployed first. */
  deployed: boolean;
  /** Further options of deploy-to-cluster.sh. */
  script: string[];
}

export const usage = `Usage: npm run test:cluster -- --context NAME [--overlay laptop|production] [--buyers 16] [--deployed]
                               [--images PREFIX] [--tag TAG] [--without-charts]
Deploys the shop to a cluster, lets buyers in, deletes and moves pods of every kind, and holds the books and every
answer against the saga's invariants. The cluster is one that may be broken: nodes are drained, and data stays behind.
  --context   of kubectl; its current one without it, if KUBECONFIG names a file
  --buyers    with a checkout under way at a time
  --deployed  the shop is there already
  --images, --tag, --without-charts are those of deploy-to-cluster.sh; with the last, Prometheus is not asked for its rules
Exit status: 0 nothing was violated, 1 something was, 2 it could not be told.`;

const options = {
  context: { type: 'string' },
  overlay: { type: 'string', default: 'laptop' },
  buyers: { type: 'string', default: '16' },
  deployed: { type: 'boolean', default: false },
  images: { type: 'string' },
  tag: { type: 'string' },
  'without-charts': { type: 'boolean', default: false },
} as const;

/**
 * @param kubeconfig what KUBECONFIG says. A cluster that nobody named is not broken by accident.
 * @throws Error that says how the command is used
 */
export function readOptions(args: readonly string[], kubeconfig: string | undefined): ClusterOptions {
  const { values } = parseArgs({ args: [...args], options });
  const { context, overlay, images, tag } = values;
  const buyers = Number(values.buyers);
  if (!context && !kubeconfig) {
    throw new Error(`No cluster is named: set KUBECONFIG, or say --context.\n${usage}`);
  }
  if (overlay !== 'laptop' && overlay !== 'production') {
    throw new Error(`There is no overlay "${overlay}".\n${usage}`);
  }
  if (!Number.isInteger(buyers) || buyers < 1) {
    throw new Error(`"${values.buyers}" is no number of buyers.\n${usage}`);
  }
  const script = [
    ...(images === undefined ? [] : ['--images', images]),
    ...(tag === undefined ? [] : ['--tag', tag]),
    ...(values['without-charts'] ? ['--without-charts'] : []),
  ];
  return { context, overlay, buyers, deployed: values.deployed, script };
}
