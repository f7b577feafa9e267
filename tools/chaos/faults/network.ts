import { setTimeout as sleep } from 'node:timers/promises';
import { type ParticipantName, participantNames } from '../../../shared/services';
import type { Random } from '../random';
import type { DirectionName, LinkConditions } from '../rig/direction';
import type { Link } from '../rig/link';
import { type Fault, withReplica } from './fault';

interface LinkFault {
  kind: string;
  /** Changes the conditions of a link, or resets its connections. */
  start(link: Link, random: Random): void;
  /** Whether the fault drops bytes. Its connections are reset afterwards, because they cannot go on with bytes missing. */
  dropsBytes?: boolean;
  /** How long the fault lasts, one of these. */
  durationsMs: readonly number[];
}

const both = (conditions: LinkConditions) => ({ up: conditions, down: conditions });
const oneWay = (direction: DirectionName): LinkFault => ({
  kind: 'one-way drop',
  start: (link) => link.setConditions({ [direction]: { drop: true } }),
  dropsBytes: true,
  durationsMs: [500, 1_000, 3_000],
});

/** By what the link does. */
const linkFaults: Record<string, LinkFault> = {
  'is slow': {
    kind: 'latency',
    start: (link, random) => link.setConditions(both({ delayMs: random.pick([20, 100, 400]) })),
    durationsMs: [500, 1_000, 3_000],
  },
  'delivers single bytes': {
    kind: 'slicing',
    start: (link) => link.setConditions(both({ sliced: true })),
    durationsMs: [500, 1_000],
  },
  'is reset': { kind: 'reset', start: (link) => link.cut(), durationsMs: [0] },
  'drops upstream traffic': oneWay('up'),
  'drops downstream traffic': oneWay('down'),
};

const places = {
  database: (service: string) => `${service} and its database`,
  broker: (service: string) => `${service} and the broker`,
  clients: (service: string) => `clients and ${service}`,
  stock: (service: string) => `${service} and stock`,
} as const;

/**
 * Longer than the timeouts of a confirm and of a heartbeat. The links between services and to clients have no such
 * timeouts, so they are not broken for this long.
 */
const LONG_MS = 12_000;

function toFault(
  place: keyof typeof places,
  service: ParticipantName,
  description: string,
  linkFault: LinkFault,
): Fault {
  return {
    name: `the link between ${places[place](service)} ${description}`,
    kind: linkFault.kind,
    inject: (context) =>
      withReplica(context, service, async (replica) => {
        const link = replica.links[place];
        if (!link) {
          return;
        }
        linkFault.start(link, context.random);
        context.markInjected();
        const { dropsBytes, durationsMs } = linkFault;
        const canBeLong = dropsBytes && (place === 'database' || place === 'broker');
        await sleep(context.random.pick(canBeLong ? [...durationsMs, LONG_MS] : durationsMs));
        link.setConditions({});
        if (dropsBytes) {
          link.cut();
        }
      }),
  };
}

/** Slows one replica only, so that the others overtake it. */
function slowConsumer(service: ParticipantName): Fault {
  return {
    name: `${service} consumes slowly`,
    kind: 'slow consumer',
    inject: (context) =>
      withReplica(context, service, async (replica) => {
        replica.links.broker.setConditions({ down: { delayMs: 1_500 } });
        context.markInjected();
        await sleep(4_000);
        replica.links.broker.setConditions({});
      }),
  };
}

/** Every link fault on every kind of link. The services take turns. */
export const networkFaults: Fault[] = [
  ...(['database', 'broker', 'clients'] as const).flatMap((place, p) =>
    Object.entries(linkFaults).map(([description, linkFault], f) =>
      toFault(
        place,
        participantNames[(p + f) % participantNames.length] as ParticipantName,
        description,
        linkFault,
      ),
    ),
  ),
  ...Object.entries(linkFaults).map(([description, linkFault]) =>
    toFault('stock', 'order', description, linkFault),
  ),
  ...participantNames.map(slowConsumer),
];
