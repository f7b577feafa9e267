import { setTimeout as sleep } from 'node:timers/promises';
import { type ParticipantName, participantNames } from '../../../shared/services';
import { type BreakpointName, breakpoints } from '../rig/breakpoints';
import { type Fault, withReplica } from './fault';

const signals = ['SIGKILL', 'SIGTERM'] as const;
type Signal = (typeof signals)[number];

const HIT_WITHIN_MS = 4_000;
/** How long to wait until bytes are waiting in a paused connection. */
const BLOCKED_WITHIN_MS = 500;
const FROZEN_MS = 40_000;

const kind = (signal: Signal) => (signal === 'SIGKILL' ? 'kill -9' : 'SIGTERM');

function endAtAnyTime(service: ParticipantName, signal: Signal): Fault {
  return {
    name: `${kind(signal)} of ${service} at any time`,
    kind: kind(signal),
    inject: (context) =>
      withReplica(
        context,
        service,
        (replica) => {
          const restarted = replica.restart(signal);
          context.markInjected();
          return restarted;
        },
        { othersUp: signal === 'SIGTERM' },
      ),
  };
}

/**
 * Ends a process at a breakpoint. The service contains no code for this. A proxy waits for the bytes of a COMMIT, a
 * published event or an acknowledgement, and holds back either them or the response. Then the process is ended.
 */
function endAtBreakpoint(service: ParticipantName, signal: Signal, name: BreakpointName): Fault {
  return {
    name: `${kind(signal)} of ${service} ${name}`,
    kind: `${kind(signal)} at a point`,
    inject: (context) =>
      withReplica(
        context,
        service,
        async (replica) => {
          const { link, breakpoint } = breakpoints[name];
          const paused = await replica.links[link].pauseAt(breakpoint(service), HIT_WITHIN_MS);
          if (!paused) {
            return;
          }
          await Promise.race([paused.blocked, sleep(BLOCKED_WITHIN_MS)]);
          const restarted = replica.restart(signal);
          context.markInjected();
          // A process that gets SIGTERM must be able to finish. From a killed one, not a single byte more arrives.
          if (signal === 'SIGTERM') {
            await sleep(context.random.between(0, 200));
          }
          if (signal === 'SIGTERM') {
            paused.resume();
          } else {
            paused.cut();
          }
          await restarted;
        },
        { othersUp: signal === 'SIGTERM' },
      ),
  };
}

function pause(service: ParticipantName): Fault {
  return {
    name: `SIGSTOP of ${service}, SIGCONT up to 6 s later`,
    kind: 'SIGSTOP/SIGCONT',
    inject: (context) =>
      withReplica(
        context,
        service,
        (replica) => {
          const continued = replica.pause(context.random.pick([300, 1_000, 3_000, 6_000]));
          context.markInjected();
          return continued;
        },
        { othersUp: true },
      ),
  };
}

/** Longer than every timeout of the others: what it had taken, somebody else must do or wait for. */
function freeze(service: ParticipantName): Fault {
  return {
    name: `SIGSTOP of ${service} for ${FROZEN_MS / 1_000} s`,
    kind: 'frozen replica',
    lastsMs: FROZEN_MS,
    minGapMs: FROZEN_MS,
    inject: (context) =>
      withReplica(
        context,
        service,
        (replica) => {
          const continued = replica.pause(FROZEN_MS);
          context.markInjected();
          return continued;
        },
        { othersUp: true },
      ),
  };
}

function clockJump(service: ParticipantName): Fault {
  return {
    name: `the clock of ${service} jumps by an hour or two`,
    kind: 'clock jump',
    inject: (context) =>
      withReplica(context, service, async (replica) => {
        replica.signal('SIGUSR2');
        context.markInjected();
      }),
  };
}

export const processFaults: Fault[] = participantNames.flatMap((service) => [
  ...signals.flatMap((signal) => [
    endAtAnyTime(service, signal),
    ...(Object.keys(breakpoints) as BreakpointName[]).map((name) => endAtBreakpoint(service, signal, name)),
  ]),
  pause(service),
  freeze(service),
  clockJump(service),
]);
