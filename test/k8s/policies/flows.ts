import { callsOf, INTERNAL_PORTS, serviceNames, services } from '../../../shared/services';
import type { Overlay } from '../manifests';
import type { Flow } from './network';

/** Who needs to reach whom, and on which port: what the NetworkPolicies must leave open, and nothing else. */

function common(everybody: readonly string[]): Flow[] {
  return [
    ...everybody.flatMap((asker): Flow[] => [`${asker} → dns:53`, `${asker} → 169.254.20.10/32:53`]),
    ...serviceNames.flatMap((service): Flow[] => [
      `gateway → ${service}:${services[service].port}`,
      `prometheus → ${service}:${services[service].port + INTERNAL_PORTS}`,
      `${service} → ${service}-db:5432`,
      `${service} → rabbitmq:5672`,
      `${service}-migrate → ${service}-db:5432`,
      `auditor → ${service}-db:5432`,
      `operate → ${service}-db:5432`,
      `${service}-db-exporter → ${service}-db:5432`,
      `prometheus → ${service}-db-exporter:9187`,
    ]),
    ...serviceNames.flatMap((caller) =>
      callsOf(caller).map((called): Flow => `${caller} → ${called}:${services[called].port}`),
    ),
    'auditor → rabbitmq:5672',
    'operate → rabbitmq:5672',
    'broker-definitions → rabbitmq:15672',
    'prometheus → auditor:9004',
    'prometheus → rabbitmq:15692',
  ];
}

const ofOperators: Flow[] = [
  ...serviceNames.flatMap((service): Flow[] => {
    const database = `${service}-db`;
    return [
      // Replication, and what the instances and the operator ask of each other's state.
      `${database} → ${database}:5432`,
      `${database} → ${database}:8000`,
      `cnpg → ${database}:5432`,
      `cnpg → ${database}:8000`,
      // Kubernetes, and the store of the backups.
      `${database} → 0.0.0.0/0:443`,
      `${database} → 0.0.0.0/0:6443`,
    ];
  }),
  'rabbitmq → rabbitmq:4369',
  'rabbitmq → rabbitmq:25672',
  'keda → rabbitmq:5672',
  'gateway → challenge:8089',
];

export function neededFlows(overlay: Overlay, everybody: readonly string[]): Set<Flow> {
  return new Set([...common(everybody), ...(overlay === 'production' ? ofOperators : [])]);
}
