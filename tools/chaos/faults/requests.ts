import { type ParticipantName, participantNames, services } from '../../../shared/services';
import { flood } from '../rig/flood';
import { exclusively, type Fault, type FaultContext, withReplica } from './fault';

/** Of each service, a path that is cheap to answer. What it is about exists in every run. */
const paths: Record<ParticipantName, string> = {
  order: `/${services.order.path}/find/0`,
  payment: `/${services.payment.path}/find_user/0`,
  stock: `/${services.stock.path}/find/0`,
  catalog: `/${services.catalog.path}/categories`,
};

const start = ({ random, markInjected }: FaultContext, port: number, path: string) =>
  flood(
    {
      port,
      path,
      connections: random.pick([1, 4]),
      forMs: random.pick([1_000, 5_000]),
      reads: random.chance(0.7),
    },
    markInjected,
  );

const floodedService = (service: ParticipantName): Fault => ({
  name: `somebody pipelines thousands of requests to ${service}`,
  kind: 'flood of requests',
  minGapMs: 5_000,
  inject: (context) => withReplica(context, service, ({ port }) => start(context, port, paths[service])),
});

const floodedGateway: Fault = {
  name: 'somebody pipelines thousands of requests to the gateway',
  kind: 'flood of requests',
  minGapMs: 5_000,
  inject: (context) =>
    exclusively('gateway', () =>
      start(context, context.rig.gateway.port, paths[context.random.pick(participantNames)]),
    ),
};

export const requestFaults: Fault[] = [...participantNames.map(floodedService), floodedGateway];
