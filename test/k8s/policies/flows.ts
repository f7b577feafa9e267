import { callsOf, INTERNAL_PORTS, serviceNames, services } from '../../../shared/services';
import type { Overlay } from '../manifests';
import type { Flow } from './network';

/** Which pod needs to reach which, and on which port. The NetworkPolicies must allow exactly these. */

function common(pods: readonly string[]): Flow[] {
  return [
    ...pods.flatMap((pod): Flow[] => [`${pod} → dns:53`, `${pod} → 169.254.20.10/32:53`]),
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

/** Everything but what is of the machine itself. */
const outside = [
  '0.0.0.0/0 except 169.254.0.0/16',
  '::/0 except fe80::/10,fd00:ec2::254/128,fd20:ce::254/128',
] as const;

const ofOperators: Flow[] = [
  ...serviceNames.flatMap((service): Flow[] => {
    const database = `${service}-db`;
    return [
      // Replication, and the instances and the operator ask each other about their state.
      `${database} → ${database}:5432`,
      `${database} → ${database}:8000`,
      `cnpg → ${database}:5432`,
      `cnpg → ${database}:8000`,
      // The Kubernetes API, and the store of the backups.
      ...[443, 6443].flatMap((port) =>
        outside.map((addresses): Flow => `${database} → ${addresses}:${port}`),
      ),
    ];
  }),
  'rabbitmq → rabbitmq:4369',
  'rabbitmq → rabbitmq:25672',
  'keda → rabbitmq:5672',
  'gateway → challenge:8089',
];

export function neededFlows(overlay: Overlay, pods: readonly string[]): Set<Flow> {
  return new Set([...common(pods), ...(overlay === 'production' ? ofOperators : [])]);
}
