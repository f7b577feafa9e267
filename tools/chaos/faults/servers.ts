import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { breakpoints } from '../rig/breakpoints';
import { exclusively, type Fault, withReplica } from './fault';

/** A restart takes the whole shop down, and most of a run is to happen while the server is up. */
const MIN_GAP_MS = 45_000;
const HIT_WITHIN_MS = 4_000;

const restartPostgres = (signal: 'SIGINT' | 'SIGQUIT', how: string): Fault => ({
  name: `PostgreSQL ${how} and starts again`,
  kind: 'PostgreSQL restart',
  minGapMs: MIN_GAP_MS,
  inject: ({ rig, markInjected }) =>
    exclusively('postgres', () => {
      const restarted = rig.databases.restart(signal);
      markInjected();
      return restarted;
    }),
});

const terminateBackends = (service: ServiceName): Fault => ({
  name: `PostgreSQL terminates every connection of ${service}`,
  kind: 'backends terminated',
  inject: ({ rig, markInjected }) =>
    exclusively('postgres', async () => {
      if ((await rig.databases.terminateBackends(service)) > 0) {
        markInjected();
      }
    }),
});

/** The client cannot see whether the COMMIT happened, and must cope with both. */
const lostInCommit = (service: ServiceName, committed: boolean): Fault => ({
  name: `a connection of ${service} is lost in COMMIT, which ${committed ? 'happened' : 'did not happen'}`,
  kind: 'backends terminated in COMMIT',
  inject: (context) =>
    withReplica(context, service, async ({ links }) => {
      const { breakpoint } = breakpoints[committed ? 'after commit' : 'before commit'];
      const paused = await links.database.pauseAt(breakpoint(), HIT_WITHIN_MS);
      if (!paused) {
        return;
      }
      if (committed) {
        const answered = await Promise.race([paused.blocked.then(() => true), sleep(HIT_WITHIN_MS, false)]);
        if (!answered) {
          // Another fault took the server away before it answered.
          paused.cut();
          return;
        }
      } else {
        await exclusively('postgres', () => context.rig.databases.terminateBackends(service));
      }
      context.markInjected();
      if (committed) {
        paused.cut();
      } else {
        paused.resume();
      }
    }),
});

const restartBroker: Fault = {
  name: 'RabbitMQ is killed and starts again',
  kind: 'broker restart',
  minGapMs: MIN_GAP_MS,
  inject: ({ rig, markInjected }) =>
    exclusively('broker', () => {
      const restarted = rig.broker.restart();
      markInjected();
      return restarted;
    }),
};

const brokerConnections: Fault = {
  name: 'RabbitMQ closes every connection',
  kind: 'broker connections cut',
  inject: ({ rig, markInjected }) =>
    exclusively('broker', async () => {
      await rig.broker.closeConnections();
      markInjected();
    }),
};

const fullDisk: Fault = {
  name: 'the disk of RabbitMQ is full',
  kind: 'full disk',
  minGapMs: MIN_GAP_MS,
  inject: ({ rig, random, markInjected }) =>
    exclusively('broker', async () => {
      try {
        await rig.broker.setDiskFull(true);
        markInjected();
        await sleep(random.pick([1_000, 4_000]));
      } finally {
        await rig.broker.setDiskFull(false);
      }
    }),
};

export const serverFaults: Fault[] = [
  restartPostgres('SIGINT', 'shuts down'),
  restartPostgres('SIGQUIT', 'crashes'),
  ...serviceNames.flatMap((service) => [
    terminateBackends(service),
    lostInCommit(service, true),
    lostInCommit(service, false),
  ]),
  restartBroker,
  brokerConnections,
  fullDisk,
];
