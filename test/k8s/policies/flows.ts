import { pages, pagesNames } from '../../../shared/pages';
import {
  callsOf,
  INTERNAL_PORTS,
  isParticipantName,
  participantNames,
  services,
} from '../../../shared/services';
import { isClosed, type Overlay, servicesIn } from '../manifests';
import type { Flow } from './network';

/** Which pod needs to reach which, and on which port. The NetworkPolicies must allow exactly these. */

/** The broker's ports: for clients, for its HTTP API, and for Prometheus. */
const brokerPorts = (overlay: Overlay) =>
  isClosed(overlay)
    ? { amqp: 5671, management: 15671, metrics: 15691 }
    : { amqp: 5672, management: 15672, metrics: 15692 };

function common(overlay: Overlay, pods: readonly string[]): Flow[] {
  const broker = brokerPorts(overlay);
  return [
    // The pages ask nobody, and look up no names.
    ...pods
      .filter((pod) => !(pod in pages))
      .flatMap((pod): Flow[] => [`${pod} → dns:53`, `${pod} → 169.254.20.10/32:53`]),
    `gateway → storefront:${pages.storefront.port}`,
    `${isClosed(overlay) ? 'staff' : 'gateway'} → admin:${pages.admin.port}`,
    ...pagesNames.map((name): Flow => `prometheus → ${name}:${pages[name].port + INTERNAL_PORTS}`),
    ...servicesIn(overlay).flatMap((service): Flow[] => [
      `gateway → ${service}:${services[service].port}`,
      `prometheus → ${service}:${services[service].port + INTERNAL_PORTS}`,
      `${service} → ${service}-db:5432`,
      `${service}-migrate → ${service}-db:5432`,
      `operate → ${service}-db:5432`,
      `${service}-db-exporter → ${service}-db:5432`,
      `prometheus → ${service}-db-exporter:9187`,
    ]),
    ...participantNames.flatMap((service): Flow[] => [
      `${service} → rabbitmq:${broker.amqp}`,
      `auditor → ${service}-db:5432`,
    ]),
    ...participantNames.flatMap((caller) =>
      callsOf(caller).map((called): Flow => `${caller} → ${called}:${services[called].port}`),
    ),
    `auditor → rabbitmq:${broker.amqp}`,
    `operate → rabbitmq:${broker.amqp}`,
    `broker-definitions → rabbitmq:${broker.management}`,
    'prometheus → auditor:9004',
    `prometheus → rabbitmq:${broker.metrics}`,
  ];
}

/** Everything but what is of the machine itself. */
const outside = [
  '0.0.0.0/0 except 169.254.0.0/16',
  '::/0 except fe80::/10,fd00:ec2::254/128,fd20:ce::254/128',
] as const;

/** Where people log in. */
const ofClosed: Flow[] = [
  ...servicesIn('production').flatMap((service): Flow[] => {
    const { port } = services[service];
    // Each reads the keys that tokens are verified with.
    return [
      `staff → ${service}:${port}`,
      ...(isParticipantName(service) ? [`${service} → account:${services.account.port}` as const] : []),
    ];
  }),
];

const ofProduction: Flow[] = [
  ...servicesIn('production').flatMap((service): Flow[] => {
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
  'keda → rabbitmq:5671',
  'gateway → challenge:8089',
];

export function neededFlows(overlay: Overlay, pods: readonly string[]): Set<Flow> {
  return new Set([
    ...common(overlay, pods),
    ...(isClosed(overlay) ? ofClosed : []),
    ...(overlay === 'production' ? ofProduction : []),
  ]);
}
