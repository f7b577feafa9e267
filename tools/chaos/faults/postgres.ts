import { setTimeout as sleep } from 'node:timers/promises';
import { type ParticipantName, participantNames } from '../../../shared/services';
import { which } from '../../support/debian-packages';
import { breakpoints } from '../rig/breakpoints';
import { exclusively, type Fault, OUTAGE_GAP_MS, withReplica } from './fault';

const HIT_WITHIN_MS = 4_000;
/** Of the database of one service, or of its standby: it takes a few seconds. */
const FAILOVER_GAP_MS = OUTAGE_GAP_MS / 2;

const restartPostgres = (signal: 'SIGINT' | 'SIGQUIT', how: string): Fault => ({
  name: `PostgreSQL ${how} and starts again`,
  kind: 'PostgreSQL restart',
  minGapMs: OUTAGE_GAP_MS,
  inject: ({ rig, markInjected }) =>
    exclusively('postgres', () => {
      const restarted = rig.databases.restart(signal);
      markInjected();
      return restarted;
    }),
});

/** Nothing that was acknowledged may be lost, and the services find the new primary by themselves. */
const failOver = (service: ParticipantName): Fault => ({
  name: `the primary of the database of ${service} is lost for good, and the standby takes its place`,
  kind: 'failover',
  minGapMs: FAILOVER_GAP_MS,
  leftOut: () =>
    which('pgrep') === undefined ? 'it takes pgrep ("sudo apt-get install procps")' : undefined,
  inject: ({ rig, markInjected }) =>
    exclusively('postgres', () => rig.databases.failOver(service, markInjected)),
});

/** Until it is back, nothing can be committed. */
const restartStandby = (service: ParticipantName): Fault => ({
  name: `the standby of the database of ${service} crashes and starts again`,
  kind: 'standby restart',
  minGapMs: FAILOVER_GAP_MS,
  inject: ({ rig, markInjected }) =>
    exclusively('postgres', () => {
      const restarted = rig.databases.restartStandby(service);
      markInjected();
      return restarted;
    }),
});

const terminateBackends = (service: ParticipantName): Fault => ({
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
const lostInCommit = (service: ParticipantName, committed: boolean): Fault => ({
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

const HOUR_MS = 3_600_000;

/** Every process of the server has the new time at once. Then the clock is set right, which is a jump the other way. */
const clockJump = (offsetMs: number, how: string): Fault => ({
  name: `the clock of PostgreSQL jumps an hour ${how}, and then to the real time`,
  kind: 'database clock jump',
  minGapMs: 15_000,
  leftOut: ({ databases }) =>
    databases.clock === undefined
      ? 'it takes Linux and a C compiler ("sudo apt-get install gcc")'
      : undefined,
  inject: ({ rig: { databases }, random, markInjected }) =>
    exclusively('the clock of PostgreSQL', async () => {
      try {
        databases.clock?.setOffset(offsetMs);
        markInjected();
        await sleep(random.pick([1_000, 5_000, 12_000]));
      } finally {
        databases.clock?.setOffset(0);
      }
    }),
});

export const postgresFaults: Fault[] = [
  restartPostgres('SIGINT', 'shuts down'),
  restartPostgres('SIGQUIT', 'crashes'),
  ...participantNames.flatMap((service) => [
    failOver(service),
    restartStandby(service),
    terminateBackends(service),
    lostInCommit(service, true),
    lostInCommit(service, false),
  ]),
  clockJump(HOUR_MS, 'ahead'),
  clockJump(-HOUR_MS, 'back'),
];
