import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { points } from '../rig/points';
import { alone, type Fault, withReplica } from './fault';

/** Whoever keeps them running waits longer each time that they end within half a minute of their start. */
const REST_MS = 45_000;
const REACH_POINT_WITHIN_MS = 4_000;

const restartOfPostgres = (signal: 'SIGINT' | 'SIGQUIT', how: string): Fault => ({
  name: `PostgreSQL ${how} and starts again`,
  kind: 'PostgreSQL restart',
  restMs: REST_MS,
  strike: ({ rig, struck }) =>
    alone('postgres', () => {
      const back = rig.databases.restart(signal);
      struck();
      return back;
    }),
});

const terminateBackends = (service: ServiceName): Fault => ({
  name: `PostgreSQL ends every connection of ${service}`,
  kind: 'backends terminated',
  strike: ({ rig, struck }) =>
    alone('postgres', async () => {
      if ((await rig.databases.terminateBackends(service)) > 0) {
        struck();
      }
    }),
});

/** The client cannot tell these two apart, and has to cope with both. */
const lostInCommit = (service: ServiceName, done: boolean): Fault => ({
  name: `a connection of ${service} is lost in COMMIT, which ${done ? 'happened' : 'did not happen'}`,
  kind: 'backends terminated in COMMIT',
  strike: (scene) =>
    withReplica(scene, service, async ({ links }) => {
      const { point } = points[done ? 'after commit' : 'before commit'];
      const frozen = await links.database.freezeAt(point(), REACH_POINT_WITHIN_MS);
      if (!frozen) {
        return;
      }
      if (done) {
        await frozen.holding;
      } else {
        await alone('postgres', () => scene.rig.databases.terminateBackends(service));
      }
      scene.struck();
      if (done) {
        frozen.cut();
      } else {
        frozen.release();
      }
    }),
});

const restartOfBroker: Fault = {
  name: 'RabbitMQ is killed and starts again',
  kind: 'broker restart',
  restMs: REST_MS,
  strike: ({ rig, struck }) =>
    alone('broker', () => {
      const back = rig.broker.restart();
      struck();
      return back;
    }),
};

const brokerConnections: Fault = {
  name: 'RabbitMQ closes every connection',
  kind: 'broker connections cut',
  strike: ({ rig, struck }) =>
    alone('broker', async () => {
      await rig.broker.closeConnections();
      struck();
    }),
};

const fullDisk: Fault = {
  name: 'the disk of RabbitMQ is full',
  kind: 'full disk',
  restMs: REST_MS,
  strike: ({ rig, random, struck }) =>
    alone('broker', async () => {
      try {
        await rig.broker.setDiskFull(true);
        struck();
        await sleep(random.pick([1_000, 4_000]));
      } finally {
        await rig.broker.setDiskFull(false);
      }
    }),
};

export const serverFaults: Fault[] = [
  restartOfPostgres('SIGINT', 'stops in good order'),
  restartOfPostgres('SIGQUIT', 'crashes'),
  ...serviceNames.flatMap((service) => [
    terminateBackends(service),
    lostInCommit(service, true),
    lostInCommit(service, false),
  ]),
  restartOfBroker,
  brokerConnections,
  fullDisk,
];
