import { setTimeout as sleep } from 'node:timers/promises';
import { exclusively, type Fault, OUTAGE_GAP_MS } from './fault';

const restartBroker: Fault = {
  name: 'RabbitMQ is killed and starts again',
  kind: 'broker restart',
  minGapMs: OUTAGE_GAP_MS,
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
  minGapMs: OUTAGE_GAP_MS,
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

export const brokerFaults: Fault[] = [restartBroker, brokerConnections, fullDisk];
