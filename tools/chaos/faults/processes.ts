import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { type PointName, points } from '../rig/points';
import { type Fault, withReplica } from './fault';

const signals = ['SIGKILL', 'SIGTERM'] as const;
type Ending = (typeof signals)[number];

const REACH_POINT_WITHIN_MS = 4_000;
/** How long a frozen connection is waited for to have something in it. */
const HOLDING_WITHIN_MS = 500;

const kind = (signal: Ending) => (signal === 'SIGKILL' ? 'kill -9' : 'SIGTERM');

function endAtAnyMoment(service: ServiceName, signal: Ending): Fault {
  return {
    name: `${kind(signal)} of ${service}, at any moment`,
    kind: kind(signal),
    strike: (scene) =>
      withReplica(
        scene,
        service,
        (replica) => {
          const back = replica.restart(signal);
          scene.struck();
          return back;
        },
        { others: signal === 'SIGTERM' },
      ),
  };
}

/**
 * The service's own code knows nothing of it: a proxy sees the bytes of COMMIT, of a published event or of an
 * acknowledgement go by and holds them, or what is answered to them, and then the process is ended.
 */
function endAtPoint(service: ServiceName, signal: Ending, name: PointName): Fault {
  return {
    name: `${kind(signal)} of ${service}, ${name}`,
    kind: `${kind(signal)} at a point`,
    strike: (scene) =>
      withReplica(
        scene,
        service,
        async (replica) => {
          const { link, point } = points[name];
          const frozen = await replica.links[link].freezeAt(point(service), REACH_POINT_WITHIN_MS);
          if (!frozen) {
            return;
          }
          await Promise.race([frozen.holding, sleep(HOLDING_WITHIN_MS)]);
          const back = replica.restart(signal);
          scene.struck();
          // One that is asked to stop must be able to finish; of one that was killed, not a byte more arrives.
          if (signal === 'SIGTERM') {
            await sleep(scene.random.between(0, 200));
          }
          if (signal === 'SIGTERM') {
            frozen.release();
          } else {
            frozen.cut();
          }
          await back;
        },
        { others: signal === 'SIGTERM' },
      ),
  };
}

function pause(service: ServiceName): Fault {
  return {
    name: `SIGSTOP of ${service}, SIGCONT some seconds later`,
    kind: 'SIGSTOP/SIGCONT',
    strike: (scene) =>
      withReplica(
        scene,
        service,
        (replica) => {
          const over = replica.pause(scene.random.pick([300, 1_000, 3_000, 6_000]));
          scene.struck();
          return over;
        },
        { others: true },
      ),
  };
}

function clockJump(service: ServiceName): Fault {
  return {
    name: `the clock of ${service} jumps by an hour or two`,
    kind: 'clock jump',
    strike: (scene) =>
      withReplica(scene, service, async (replica) => {
        replica.signal('SIGUSR2');
        scene.struck();
      }),
  };
}

export const processFaults: Fault[] = serviceNames.flatMap((service) => [
  ...signals.flatMap((signal) => [
    endAtAnyMoment(service, signal),
    ...(Object.keys(points) as PointName[]).map((point) => endAtPoint(service, signal, point)),
  ]),
  pause(service),
  clockJump(service),
]);
