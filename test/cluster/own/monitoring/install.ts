import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { root } from '../../../../shared/root';
import type { RunInside } from '../add-ons';
import { folders } from '../places';
import { monitoringResources, NAMESPACE, RELEASE, readValues } from './resources';

/** What watches the shop: the Prometheus Operator, and through it Prometheus and Alertmanager. There is no Grafana. */

const folder = join(root, 'test/cluster/own/monitoring');
const inNamespace = ['--namespace', NAMESPACE];
const READY_WITHIN = '--timeout=300s';

/** Starts the operator and tells it what is wanted. Needs a node, and the operator's definitions. */
export async function startMonitoring(run: RunInside): Promise<void> {
  const values = readValues();
  await run('kubectl', 'apply', '--filename', folder);
  const { resources } = values.prometheusOperator;
  const container = { name: 'operator', resources };
  const patch = { spec: { template: { spec: { containers: [container] } } } };
  const operator = `deployment/${RELEASE}-operator`;
  await run('kubectl', 'patch', operator, ...inNamespace, '--patch', JSON.stringify(patch));
  const file = join(folders.settings, 'monitoring.yaml');
  writeFileSync(
    file,
    monitoringResources(values)
      .map((wanted) => stringify(wanted))
      .join('---\n'),
  );
  await run('kubectl', 'apply', '--filename', file);
}

export async function awaitMonitoring(run: RunInside): Promise<void> {
  for (const name of ['prometheus', 'alertmanager']) {
    const wanted = `${name}/${RELEASE}-${name}`;
    await run('kubectl', 'wait', '--for=condition=Available', wanted, ...inNamespace, READY_WITHIN);
  }
}
